"""Plans put in time: who can do what when, how good an order is, and how sure its dates are."""
