"""The Sheets API's methods: which request is for which, what it may say, what it is answered.

Decided here: routes, parameters, field masks, the schemas of messages, the shape of answers. What
one kind of request in a batch does is decided in `requests`.
"""
