"""The bench: what a check costs, measured on the real daemon against targets on loopback.

    target (own process) <- HTTP/TCP - daemon (own process) - SSE -> reader (own process)
                                          |
                       bench reads its CPU clock and memory from the kernel

Only the daemon is measured; targets and readers are processes of their own, so their cost
is not in its figures (though they share the machine's cores). `docs/performance.md` holds
the method and the figures of a run.
"""
