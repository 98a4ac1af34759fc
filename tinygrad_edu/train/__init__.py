"""Training: the trainer and its checkpoints, and the plain loop.

fit                     a compiled step for each of any batches, in a few lines to be read
Trainer                 minibatches, validation, early stopping, checkpoints, and the compiled step
suggest_learning_rate   how long a step may be, by the curvature
"""

from tinygrad_edu.data.minibatches import minibatches
from tinygrad_edu.train.checkpoint import Checkpoint, CheckpointError
from tinygrad_edu.train.curvature import Suggestion, suggest_learning_rate
from tinygrad_edu.train.fitting import Fit, fit
from tinygrad_edu.train.history import History
from tinygrad_edu.train.measuring import accuracy
from tinygrad_edu.train.program import TrainingWarning
from tinygrad_edu.train.state import read_network
from tinygrad_edu.train.trainer import Trainer
from tinygrad_edu.train.weights import load_weights, save_weights

__all__ = [
    "Checkpoint",
    "CheckpointError",
    "Fit",
    "History",
    "Suggestion",
    "Trainer",
    "TrainingWarning",
    "accuracy",
    "fit",
    "load_weights",
    "minibatches",
    "read_network",
    "save_weights",
    "suggest_learning_rate",
]


def __dir__() -> list[str]:
    return [*__all__]
