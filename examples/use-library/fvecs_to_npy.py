"""fvecs_to_npy.py IN.fvecs OUT.npy: rows of float32, each with its length before it, as NumPy's format."""
import struct
import sys

data = open(sys.argv[1], "rb").read()
(columns,) = struct.unpack_from("<i", data)
rows = len(data) // (4 + 4 * columns)
header = "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d)}" % (rows, columns)
header = header.ljust(117) + "\n"  # magic, version, length and header are a multiple of 64 bytes
with open(sys.argv[2], "wb") as out:
    out.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
    for i in range(rows):
        start = i * (4 + 4 * columns) + 4
        out.write(data[start : start + 4 * columns])
