"""How much work comes up, how fast is it done, and who should work when?"""

from .decide import Costs as Costs
from .decide import Limits as Limits
from .decide import Rostered as Rostered
from .decide import decide as decide
from .decide import rostered as rostered
from .evaluate import evaluate as evaluate
from .evaluate import speed as speed
from .features import cutoffs as cutoffs
from .features import outcomes as outcomes
from .features import rosters as rosters
from .features import team as team
from .features import volumes as volumes
from .features import worked as worked
from .learning import FittedWorkforce as FittedWorkforce
from .learning import held_out as held_out
from .learning import later as later
from .learning import learnt as learnt
from .models import FittedProductivity as FittedProductivity
from .models import FittedVolumes as FittedVolumes
from .models import Naive as Naive
from .models import Productivity as Productivity
from .models import Volumes as Volumes
from .ratio import ratio as ratio
from .replay import paid as paid
from .replay import replay as replay
