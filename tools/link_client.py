"""Put the generated client on the path of this environment, from its folder in the checkout."""

import sysconfig
from pathlib import Path

client = Path(__file__).resolve().parents[1] / "clients" / "python" / "src"
(Path(sysconfig.get_paths()["purelib"]) / "gpuquote_checkout.pth").write_text(f"{client}\n")
