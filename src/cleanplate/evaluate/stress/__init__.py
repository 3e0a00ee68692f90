"""The stress benchmark: how any matting program suffers as plate and shot drift apart, one thing at a time."""
