"""The NTM over a whole sequence in torch's own operations, forward and backward by hand: for every device.

Needs neither numba nor a compiler. Nothing here waits for a value of the device or asks for one.
"""
