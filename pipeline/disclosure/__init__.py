"""The one gate between the pseudonymised zone and everything that is shown.

Belongs here: what may be released, its proof, and the numbered releases. Must not be here: how anything is presented.
"""
