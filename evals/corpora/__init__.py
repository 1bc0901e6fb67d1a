"""Stories whose truth is known, and the haystacks that needles lie in."""
