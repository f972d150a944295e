"""What exists already: the state of a stack, as the Pulumi engine wrote it, to the graph.

`checkpoint` reads the bytes of a state, `backend` finds them where Pulumi keeps them (a folder, a bucket in S3), and
`values` knows how the engine writes property values. Nothing here needs the Pulumi CLI or decrypts a secret.
"""
