"""This site in other people's pages: who may embed it, what they load, and the parts that they show."""
