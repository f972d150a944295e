"""What stands in the live account: readers of AWS, a module for each service, in the words of Pulumi's properties.

A reader is a function: the calls it may make and a deployed resource in, its live properties out (names as in
pulumi_aws, None where the account has nothing there). It names every property that it knows of the type; one that it
does not name is not compared. `calling` makes the calls, and lets none but reading ones pass.
"""
