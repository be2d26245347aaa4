"""Those who move the money, behind one Protocol: the bank of the sandbox, and Stripe. Foreign words and errors end here."""
