"""Update rules of users."""
