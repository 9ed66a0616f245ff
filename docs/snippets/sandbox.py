here = cf.sandbox.get()
print(here.name, here.generation)
