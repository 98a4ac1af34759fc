"""Training: minibatches, and the loop that walks downhill over them."""

from tinygrad_edu.train.fitting import Fit as Fit
from tinygrad_edu.train.fitting import fit as fit
from tinygrad_edu.train.minibatches import minibatches as minibatches
