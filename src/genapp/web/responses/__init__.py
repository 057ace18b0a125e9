"""OpenAI's Responses API as another way in: the same generations and the same streams, for who has its SDK already."""
