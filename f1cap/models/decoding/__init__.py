"""f1cap's own search, and what of it is known without torch."""

# Images per pass of an encoder on a CPU. One keeps a layer's states in the CPU's cache, several
# wait less often for the slower thread.
IMAGES_PER_PASS = 4
