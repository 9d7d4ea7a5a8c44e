"""jobbsjansen"""
