"""``python -m tinygrad_edu``, the same as the command ``tinygrad-edu``."""

from tinygrad_edu.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
