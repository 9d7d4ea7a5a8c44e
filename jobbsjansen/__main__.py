"""``python -m jobbsjansen``: the same commands, where the script's folder is not on the path. Must not be here: anything else."""

from jobbsjansen.cli import main

if __name__ == "__main__":
    main()
