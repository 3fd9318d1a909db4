"""How the transformer over the words of an address is learnt."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ....nn.training import device, some_threads
from ...parts import NAMES
from .attention import HEADS, FittedAttention, packed, unpacked
from .inputs import BUCKETS, Seen

Row = tuple[
    Seen, list[int]
]  # what is seen of the words of a string, and the numbers of their labels
BYTES, NARROW = 32, 96  # widths of a byte, and of the first convolution


@dataclass(frozen=True)
class Attention:
    """How to learn one.

    Parameters
    ----------
    width, depth
        Of the vectors of words, and layers of attention.
    steps, batch
        How often the weights change, and strings each time.
    rate, decay
        Highest step of AdamW (it rises over 3 % of the steps, then falls to 0), and its decay.
    dropout
        Share of what is left out of each layer.
    """

    width: int = 160
    depth: int = 3
    steps: int = 26_000
    batch: int = 64
    rate: float = 2e-3
    decay: float = 0.01
    dropout: float = 0.1
    seed: int = 0

    def fit(
        self,
        rounds: Iterable[Sequence[Row]],
        progress: Callable[[int, float], None] = lambda step, loss: None,
        start: FittedAttention | None = None,
    ) -> FittedAttention:
        """Learn from strings, round after round, the noise drawn anew in each.

        Weights are rounded to int8 by row before they are returned. ``progress`` is told the step
        and the mean loss after each round. ``start`` is what learnt before, of the same width and
        depth; else weights are drawn.

        Raises
        ------
        ValueError
            When the rounds end before the steps do.
        """
        torch.manual_seed(self.seed)
        rng, where = random.Random(self.seed), device()
        net = Net(self.width, self.depth, self.dropout).to(where)
        if start is not None:
            net.load_state_dict({n: torch.from_numpy(v) for n, v in start.weights.items()})
        pace = torch.optim.AdamW(net.parameters(), self.rate, weight_decay=self.decay)
        step = 0
        with some_threads(1):
            for rows in rounds:
                total, before = 0.0, step
                for batch in _batches(rows, self.batch, rng):
                    part = step / self.steps
                    for group in pace.param_groups:
                        group["lr"] = self.rate * min(1.0, part / 0.03) * (1 - part)
                    letters, words, signs, labels = (each.to(where) for each in _padded(batch))
                    loss = net.loss(net(letters, words, signs, labels >= 0), labels)
                    pace.zero_grad()
                    loss.backward()  # type: ignore[no-untyped-call]
                    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
                    pace.step()
                    total, step = total + float(loss.detach()), step + 1
                    if step == self.steps:
                        break
                progress(step, total / (step - before))
                if step == self.steps:
                    state = net.state_dict().items()
                    return unpacked(packed({name: v.detach().cpu().numpy() for name, v in state}))
        raise ValueError(f"rounds: ended after {step} of {self.steps} steps; give more of them.")


def _batches(rows: Sequence[Row], size: int, rng: random.Random) -> Iterator[list[Row]]:
    """Yield strings of like length together, in random order."""
    order = sorted(rows, key=lambda row: len(row[1]) + rng.random())
    starts = list(range(0, len(order), size))
    rng.shuffle(starts)
    for start in starts:
        yield order[start : start + size]


def _padded(batch: Sequence[Row]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return bytes of different words (m, letters), which word stands where (b, n), signs, labels.

    Labels are -1 where no word is.
    """
    longest = max(len(right) for _, right in batch)
    shape = len(batch), longest
    first = batch[0][0]
    letters = np.zeros((*shape, first.letters.shape[1]), np.uint8)
    signs = np.zeros((*shape, first.signs.shape[1]), np.int64)
    labels = np.full(shape, -1)
    for i, (words, right) in enumerate(batch):
        n = len(right)
        letters[i, :n], signs[i, :n], labels[i, :n] = words.letters, words.signs, right
    flat = letters.reshape(-1, letters.shape[2])
    one, at = np.unique(flat.view(f"V{flat.shape[1]}")[:, 0], return_inverse=True)
    spelt = one.view(np.uint8).reshape(len(one), -1)
    spelt = spelt[:, : max(1, int((spelt != 0).sum(1).max()))].astype(np.int64)
    found = (spelt, at.reshape(shape), signs, labels)
    spelt_, at_, signs_, labels_ = (torch.from_numpy(each) for each in found)
    return spelt_, at_, signs_, labels_


class Net(nn.Module):
    """Bytes to words, words to labels, labels in a chain."""

    def __init__(self, width: int, depth: int, dropout: float) -> None:
        super().__init__()
        self.byte = nn.Embedding(256, BYTES, padding_idx=0)
        self.first = nn.Conv1d(BYTES, NARROW, 3, padding=1)
        self.then = nn.Conv1d(NARROW, width, 3, padding=1)
        self.sign = nn.EmbeddingBag(BUCKETS, width, mode="sum", padding_idx=0)
        layer = nn.TransformerEncoderLayer(
            width, HEADS, 2 * width, dropout, "gelu", batch_first=True, norm_first=True
        )
        self.words = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.out = nn.Linear(width, len(NAMES))
        self.next = nn.Parameter(torch.zeros(len(NAMES), len(NAMES)))

    def forward(self, letters: Tensor, words: Tensor, signs: Tensor, there: Tensor) -> Tensor:
        """Return the score of each label at each word, (b, n, labels)."""
        is_letter = (letters != 0)[:, None]
        x = self.byte(letters).transpose(1, 2)
        x = self.then(torch.relu(self.first(x)) * is_letter)
        x = x.masked_fill(~is_letter, -1e9).amax(2)[words]
        x = x + self.sign(signs.flatten(0, 1)).view_as(x)
        x = x.masked_fill(~there[..., None], 0.0)
        return torch.as_tensor(self.out(self.words(x, src_key_padding_mask=~there)))

    def loss(self, scores: Tensor, labels: Tensor) -> Tensor:
        """Return minus the log-likelihood of the labels, per string."""
        there = labels >= 0
        gold = labels.clamp(0)
        own = (scores.gather(2, gold[..., None])[..., 0] * there).sum(1)
        own = own + (self.next[gold[:, :-1], gold[:, 1:]] * there[:, 1:]).sum(1)
        every = scores[:, 0]
        for i in range(1, scores.shape[1]):
            longer = torch.logsumexp(every[:, :, None] + self.next, 1) + scores[:, i]
            every = torch.where(there[:, i, None], longer, every)
        return (torch.logsumexp(every, 1) - own).mean()
