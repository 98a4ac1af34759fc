"""The engine: READ ME FIRST, in this order.

tape         an entry, the gate through which all are recorded, the order, and the sweep: that is backprop
value        the number that remembers: what users hold
operators    Python's operators and NumPy's methods, one table of each
dispatch     how NumPy's functions reach the tape
refusals     what may not stand beside a Value in a call, and what to write instead
primitives   how functions of users' own reach the tape
rules        the table of calculus, and how rows get into it
results      how a function that returns several arrays is one entry
unbroadcast  why a bias added to every row gets the sum over rows
arrays       what a recorded number may hold, and what may stand beside one
context      the hooks: whether there is recording, who looks on, which operands answer first
conversions  what makes numbers, arrays and copies of a Value; what would leave the tape unseen is refused
released     large results that a gradient lets go of, and that are computed again if asked for
replay       a tape, run again from other leaves
masking      the sweep once more, where what has no influence has spoilt it
source_info  lines of the user's, and names of functions
"""
