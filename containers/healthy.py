"""`yarmarka-healthy URL`: exit status 0 if the address answers 200 within two seconds. For the containers' health checks."""

import sys
from urllib.request import urlopen

urlopen(sys.argv[1], timeout=2)  # noqa: S310 - the address is written in docker-compose.yml
