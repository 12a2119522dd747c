"""A program for the SVM that burns for whoever calls it: it forwards its instruction to
Token-2022, assembled here because no compiler for the SVM is at hand.

Accounts: token account, mint, authority, Token-2022. Data: a bump, then the token instruction.
It signs for its own address `program_address(bump)` as well, so that this may be an authority.
"""

import struct

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from chain.token2022 import PROGRAM

# Where the input and the free memory of a program begin, and what an account takes there.
_HEAP = 0x3_0000_0000
_INFOS, _METAS, _CALL, _SEED, _SIGNER = _HEAP, _HEAP + 256, _HEAP + 512, _HEAP + 576, _HEAP + 640
_HEAD, _GROWTH = 88, 10_240  # bytes before an account's data, and kept free behind it
_FOUR = 4


def _op(code: int, dst: int = 0, src: int = 0, off: int = 0, imm: int = 0) -> bytes:
    return struct.pack("<BBhi", code, src << 4 | dst, off, imm)


def _load_address(dst: int, value: int) -> bytes:
    low, high = value & 0xFFFF_FFFF, value >> 32
    return struct.pack("<BBhIBBhI", 0x18, dst, 0, low, 0, 0, 0, high)


def _read(dst: int, src: int, off: int, *, byte: bool = False) -> bytes:
    return _op(0x71 if byte else 0x79, dst, src, off)


def _write(dst: int, off: int, src: int, *, byte: bool = False) -> bytes:
    return _op(0x73 if byte else 0x7B, dst, src, off)


def _move(dst: int, src: int, plus: int = 0) -> bytes:
    return _op(0xBF, dst, src) + (_op(0x07, dst, imm=plus) if plus else b"")


def _code() -> tuple[bytes, int]:
    """The instructions, and where among them the call of the runtime stands (in bytes)."""
    # r6 walks over the input, r7 counts accounts, r8 and r9 write their infos and metas.
    start = _move(6, 1, plus=8) + _op(0xB7, 7) + _load_address(8, _INFOS) + _load_address(9, _METAS)
    one = b"".join(
        [
            _move(2, 6, plus=8), _write(8, 0, 2), _write(9, 0, 2),  # key
            _move(2, 6, plus=72), _write(8, 8, 2),  # lamports
            _read(3, 6, 80), _write(8, 16, 3),  # length of the data
            _move(2, 6, plus=_HEAD), _write(8, 24, 2),  # data
            _move(2, 6, plus=40), _write(8, 32, 2),  # owner
            _read(2, 6, 1, byte=True), _write(8, 48, 2, byte=True), _write(9, 9, 2, byte=True),
            _read(2, 6, 2, byte=True), _write(8, 49, 2, byte=True), _write(9, 8, 2, byte=True),
            _read(2, 6, 3, byte=True), _write(8, 50, 2, byte=True),  # executable
            # The next account: behind data, room to grow, padding to 8, and the rent epoch.
            _op(0x0F, 6, 3), _op(0x07, 6, imm=_HEAD + _GROWTH + 7), _op(0x57, 6, imm=-8),
            _op(0x07, 6, imm=8), _op(0x07, 8, imm=56), _op(0x07, 9, imm=16), _op(0x07, 7, imm=1),
        ]
    )  # fmt: skip
    back = -(len(one) // 8 + 1)
    loop = one + _op(0x55, 7, off=back, imm=_FOUR)
    call = b"".join(
        [
            _load_address(9, _METAS), _op(0xB7, 2, imm=1), _write(9, 2 * 16 + 9, 2, byte=True),
            _load_address(1, _CALL), _load_address(8, _INFOS), _read(2, 8, 3 * 56),
            _write(1, 0, 2), _write(1, 8, 9), _op(0xB7, 2, imm=3), _write(1, 16, 2),
            _move(2, 6, plus=9), _write(1, 24, 2),
            _read(2, 6, 0), _op(0x07, 2, imm=-1), _write(1, 32, 2),
            _load_address(7, _SEED), _move(2, 6, plus=8), _write(7, 0, 2),
            _op(0xB7, 2, imm=1), _write(7, 8, 2),
            _load_address(4, _SIGNER), _write(4, 0, 7), _write(4, 8, 2),
            _move(2, 8), _op(0xB7, 3, imm=_FOUR), _op(0xB7, 5, imm=1),
        ]
    )  # fmt: skip
    before = start + loop + call
    return before + _op(0x85, src=1, imm=-1) + _op(0x95), len(before)


def program_file() -> bytes:
    """A shared object with one undefined function, which the runtime provides."""
    code, call_at = _code()
    text_at = 64 + 2 * 56
    strings = b"\0sol_invoke_signed_c\0"
    symbols = bytes(24) + struct.pack("<IBBHQQ", 1, 0x10, 0, 0, 0, 0)
    names = b"\0.text\0.dynamic\0.dynsym\0.dynstr\0.rel.dyn\0.shstrtab\0"
    symbols_at = text_at + len(code)
    strings_at = symbols_at + len(symbols)
    relocation = struct.pack("<QQ", text_at + call_at, 1 << 32 | 10)
    relocation_at = strings_at + len(strings) + -len(strings) % 8
    tags = {17: relocation_at, 18: 16, 19: 16, 6: symbols_at, 11: 24, 5: strings_at,
            10: len(strings), 0: 0}  # fmt: skip
    dynamic = b"".join(struct.pack("<QQ", tag, value) for tag, value in tags.items())
    dynamic_at = relocation_at + len(relocation)
    names_at = dynamic_at + len(dynamic)
    headers_at = names_at + len(names) + -len(names) % 8
    sections = [
        (".text", 1, 6, text_at, len(code), 0, 0),
        (".dynsym", 11, 2, symbols_at, len(symbols), 3, 24),
        (".dynstr", 3, 2, strings_at, len(strings), 0, 0),
        (".rel.dyn", 9, 2, relocation_at, len(relocation), 2, 16),
        (".dynamic", 6, 3, dynamic_at, len(dynamic), 3, 16),
        (".shstrtab", 3, 0, names_at, len(names), 0, 0),
    ]
    table = bytes(64)
    for name, kind, flags, at, size, link, entry in sections:
        place = names.index(name.encode() + b"\0")
        table += struct.pack("<IIQQQQIIQQ", place, kind, flags, at, at, size, link, 0, 8, entry)
    load = struct.pack("<IIQQQQQQ", 1, 5, text_at, text_at, text_at, names_at - text_at,
                       names_at - text_at, 4096)  # fmt: skip
    found = struct.pack("<IIQQQQQQ", 2, 6, dynamic_at, dynamic_at, dynamic_at, len(dynamic),
                        len(dynamic), 8)  # fmt: skip
    head = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack(
        "<HHIQQQIHHHHHH", 3, 247, 1, text_at, 64, headers_at, 0, 64, 56, 2, 64, 7, 6
    )  # fmt: skip
    body = head + load + found + code + symbols + strings
    body += bytes(relocation_at - len(body)) + relocation + dynamic + names
    return body + bytes(headers_at - len(body)) + table


def forwarded(program: Pubkey, step: Instruction, *, bump: int) -> Instruction:
    """The same token instruction through the program."""
    accounts = [AccountMeta(it.pubkey, it.is_signer, it.is_writable) for it in step.accounts]
    own, _ = Pubkey.find_program_address([], program)
    accounts[2] = AccountMeta(accounts[2].pubkey, accounts[2].pubkey != own, False)
    accounts.append(AccountMeta(PROGRAM, False, False))
    return Instruction(program, bytes([bump]) + bytes(step.data), accounts)
