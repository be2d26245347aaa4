"""Rate limits: how often a client may ask, in all and for single root fields. Imports settings and errors alone."""
