"""f1cap from Python: captions, scores and comparisons as records; nothing is written or printed.

The package `f1cap` exports the public names (`f1cap.load`, …). The commands and these modules are
built on the same services.
"""
