"""Registry extracts at the border: which files came, what they hold, whose rows pass, and what stands from night to night."""
