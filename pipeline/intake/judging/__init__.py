"""Every row against the rules, in the light of what stood when its delivery came."""
