"""The workflows there are, declared, and the steps they are made of."""
