"""What surrounds every screen: header, navigation, search, help. Plain HTML, there at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from lanecast.service.keys import Caller

from .assets import linked

ICONS = {  # drawn on 24 by 24
    "today": "M12 3v3M12 18v3M3 12h3M18 12h3M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8",
    "network": "M5 7a2 2 0 1 0 0-4 2 2 0 0 0 0 4M19 11a2 2 0 1 0 0-4 2 2 0 0 0 0 4"
    "M9 21a2 2 0 1 0 0-4 2 2 0 0 0 0 4M7 5.5l10 3M18 11l-7.500 6.500M5.500 7l3 10",
    "parcels": "M3 8l9-5 9 5v9l-9 5-9-5zM3 8l9 5 9-5M12 13v9",
    "addresses": "M12 21s7-6.500 7-12a7 7 0 0 0-14 0c0 5.500 7 12 7 12M12 6.500a2.500 2.500 0 1 0 "
    "0 5 2.500 2.500 0 0 0 0-5",
    "plan": "M3 20h18M4 16l5-6 4 3 7-9",
    "models": "M4 20V10M10 20V4M16 20v-8M22 20H2",
    "data": "M4 6c0-4 16-4 16 0v12c0 4-16 4-16 0zM4 6c0 4 16 4 16 0M4 12c0 4 16 4 16 0",
    "admin": "M12 3l8 3v6c0 5-4 8-8 9-4-1-8-4-8-9V6z",
}
ICON = Markup(
    '<svg viewBox="0 0 24 24" width="18" height="18" fill="none" stroke="currentColor" '
    'stroke-width="1.8" stroke-linejoin="round" aria-hidden="true"><path d="{}"/></svg>'
)
LINK = Markup(
    '<li><a href="{root}{path}" data-letter="{letter}"{current}>{icon}<span>{title}</span></a></li>'
)
BODY = Markup("""
<a class="skip" href="#app">Skip to content</a>
<header class="top">
  <button class="bare menu" aria-label="Menu" aria-expanded="false" aria-controls="nav"
    data-menu>☰</button>
  <a class="brand" href="{root}/">Lanecast</a>
  <h1>{title}</h1>
  <form class="search" role="search">
    <input name="q" type="search" placeholder="Parcel, facility, address  ( / )"
      aria-label="Search parcels, facilities and addresses" autocomplete="off" role="combobox"
      aria-expanded="false" aria-controls="found" aria-autocomplete="list" maxlength="200">
    <ul id="found" role="listbox" aria-label="Found" hidden></ul>
  </form>
  <button class="bare find" aria-label="Search" data-find>⌕</button>
  <span class="fresh"><time id="fresh" datetime="{fresh[0]}" data-age>{fresh[1]}</time></span>
  <button class="bare" aria-label="Dark or light" title="Dark or light" data-theme-turn>◐</button>
  <button class="bare" aria-label="Keys for the keyboard" title="Keys ( ? )" data-help>?</button>
  <details class="who"><summary aria-label="Signed in as {name}"><span
    aria-hidden="true">{initial}</span></summary>
    <div class="card"><p><strong>{name}</strong><br><span class="muted">{tenant}</span></p>
    <form method="post" action="{root}/sign-out"><input type="hidden" name="csrf" value="{csrf}">
    <button class="button">Sign out</button></form></div></details>
</header>
<nav class="side" id="nav" aria-label="Screens"><ul>{links}</ul></nav>
<div class="unseen" id="live" aria-live="polite"></div>
<dialog id="help" aria-labelledby="help-title"><h2 id="help-title">Keys</h2>
<dl><dt><kbd>/</kbd></dt><dd>Search</dd>{letters}<dt><kbd>j</kbd> <kbd>k</kbd></dt>
<dd>Next and previous row; <kbd>Enter</kbd> opens it</dd>
<dt><kbd>?</kbd></dt><dd>This help</dd><dt><kbd>Esc</kbd></dt><dd>Close</dd></dl>
<form method="dialog"><button class="button">Close</button></form></dialog>
""")
LETTER = Markup("<dt><kbd>g</kbd> <kbd>{letter}</kbd></dt><dd>{title}</dd>")


@dataclass(frozen=True)
class Screen:
    """A page of the console.

    Parameters
    ----------
    path
        Below the console, such as ``/parcels`` or ``/parcels/{parcel_id:path}``.
    scope
        Of the key, without which nobody sees it.
    part_scope
        That lets see a part of it, without ``scope``.
    icon, letter
        In the navigation, and on the keyboard after ``g``; a screen without them is reached from
        another one, whose path is ``under``.
    """

    path: str
    title: str
    scope: str
    icon: str = ""
    letter: str = ""
    under: str = ""
    part_scope: str = ""

    def seen_by(self, caller: Caller) -> bool:
        """Return whether somebody sees it, or a part of it."""
        return not caller.scopes.isdisjoint((self.scope, self.part_scope))


def head(root: str) -> str:
    """Return what the head of a page holds beside what NiceGUI puts there."""
    return linked(root)


def body(
    root: str,
    screen: Screen,
    screens: Sequence[Screen],
    title: str,
    caller: Caller,
    csrf: str,
    fresh: tuple[str, str],
) -> Markup:
    """Return what stands around the content of a screen."""
    seen = [each for each in screens if each.letter and each.seen_by(caller)]
    here = screen.under or screen.path
    links = Markup("").join(
        LINK.format(
            root=root,
            path=each.path,
            letter=each.letter,
            icon=ICON.format(ICONS[each.icon]),
            title=each.title,
            current=Markup(' aria-current="page"') if each.path == here else "",
        )
        for each in seen
    )
    return BODY.format(
        root=root,
        title=title,
        fresh=fresh,
        name=caller.name,
        initial=caller.name[:1].upper(),
        tenant=caller.tenant,
        csrf=csrf,
        links=links,
        letters=Markup("").join(LETTER.format(letter=s.letter, title=s.title) for s in seen),
    )
