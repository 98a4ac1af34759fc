"""Examples to learn from: the digits, names and two pictures that come along, readers of files, and minibatches.

Dataset      arrays whose rows belong together, in memory or on the disk
minibatches  a few examples at a time, shuffled anew in each epoch
"""

from tinygrad_edu.data.dataset import Dataset as Dataset
from tinygrad_edu.data.digits import Array as Array
from tinygrad_edu.data.digits import Examples as Examples
from tinygrad_edu.data.digits import load_digits as load_digits
from tinygrad_edu.data.errors import DataError as DataError
from tinygrad_edu.data.idx import load_mnist as load_mnist
from tinygrad_edu.data.idx import read_idx as read_idx
from tinygrad_edu.data.images import read_images as read_images
from tinygrad_edu.data.minibatches import deal as deal
from tinygrad_edu.data.minibatches import minibatches as minibatches
from tinygrad_edu.data.minibatches import prefetched as prefetched
from tinygrad_edu.data.names import load_names as load_names
from tinygrad_edu.data.npz import read_npz as read_npz
from tinygrad_edu.data.pictures import load_flower as load_flower
from tinygrad_edu.data.pictures import load_pagoda as load_pagoda
from tinygrad_edu.data.table import Table as Table
from tinygrad_edu.data.table import read_columns as read_columns
from tinygrad_edu.data.table import read_csv as read_csv
