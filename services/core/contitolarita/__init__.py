"""Joint controllership as data: agreements and what they share, oppositions and limitations, operators kept from a case."""
