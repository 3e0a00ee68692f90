"""What a process of ours asks of the C library's memory."""

import ctypes
import platform

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4  # of malloc.h in glibc
_TOP_PAD_BYTES = 1 << 24


def keep_freed_memory() -> None:
    """Let glibc keep what is freed for what is asked for next; elsewhere nothing happens.

    By default, glibc returns every block of some megabytes to the system, and has it mapped and zeroed again for the
    next picture, or the next layer of a network in training (docs/log.md has what that costs). For processes of our own
    only, never for a program that uses the library.

    Source: mallopt(3).
    """
    if platform.libc_ver()[0] != "glibc":
        return
    mallopt = ctypes.CDLL(None).mallopt
    for parameter, value in ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, -1), (_TOP_PAD, _TOP_PAD_BYTES)):
        mallopt(parameter, value)
