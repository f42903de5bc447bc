"""Training code: the detector (`train.faceboxes`) and the generator (`train.sagan`). Nothing at run time imports it."""
