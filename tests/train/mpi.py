"""Trains by the workers of an MPIPoolExecutor, and alone, and says whether both came to the same bits.

mpiexec -n 3 python -m mpi4py.futures tests/train/mpi.py
"""

import os
import time

import numpy as np

from tests.train.networks import examples, line, linear
from tinygrad_edu import optim, train, tree


def process(_):
    time.sleep(0.01)  # so that others get some, too
    return os.getpid()


def trained(executor):
    trainer = train.Trainer(line(), linear, optim.adam(0.1), batch_size=12, shards=4, executor=executor)
    trainer.fit(examples(), 3)
    return tree.leaves(trainer.network)


if __name__ == "__main__":
    from mpi4py.futures import MPIPoolExecutor

    alone = trained(None)
    with MPIPoolExecutor() as executor:
        workers = {*executor.map(process, range(50))} - {os.getpid()}
        together = trained(executor)
    same = all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))
    print(f"{len(workers)} workers, {'the same bits' if same else 'other bits'}")
