"""`terang contract`: check, compile and read contracts. Nobody needs to trust the compiler: a module says what it does."""

from pathlib import Path
from typing import Annotated

import typer

from chain.limits import MODULE_BYTES_MAX
from cli.errors import USAGE, NotDone
from cli.options import example
from vm.language.compile import check_source, compile_contract
from vm.language.diagnostics import format_diagnostic
from vm.language.listing import show_module
from vm.module_codec import decode_module
from vm.verify import verify_module

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Check, compile and read contracts.")

SOURCE_ENDING = ".contract"
MODULE_ENDING = ".module"
_SOURCE_BYTES_MAX = 1024 * 1024


@app.command(epilog=example("terang contract check tender.contract"))
def check(files: Annotated[list[Path], typer.Argument(help="Contracts' sources.")]) -> None:
    """Show every mistake of a source.

    Each with its line, the reason of the rule, and what to write instead.
    """
    mistakes = 0
    for file in files:
        source = _read_source(file)
        found = check_source(source)
        mistakes += len(found)
        for diagnostic in found:
            typer.echo(format_diagnostic(diagnostic, source, file.name) + "\n")
        if not found:
            typer.echo(f"{file}: no mistakes")
    if mistakes:
        typer.echo(f"{mistakes} {'mistake' if mistakes == 1 else 'mistakes'}", err=True)
        raise typer.Exit(USAGE)


@app.command("compile", epilog=example("terang contract compile tender.contract"))
def compile_command(
    file: Annotated[Path, typer.Argument(help="A contract's source.")],
    output: Annotated[
        Path | None, typer.Option(help="The module to write. None: beside the source, ending in .module.")
    ] = None,
) -> None:
    """Compile a source to the module that nodes run."""
    compiled = compile_contract(_read_source(file), file.stem)
    target = file.with_suffix(MODULE_ENDING) if output is None else output
    target.write_bytes(compiled.code)
    typer.echo(f"{target}: {len(compiled.code)} bytes")
    typer.echo(f"code hash    {compiled.code_hash.hex().upper()}")
    typer.echo(f"source hash  {compiled.source_hash.hex().upper()}")


@app.command(epilog=example("terang contract show tender.module --source tender.contract"))
def show(
    file: Annotated[Path, typer.Argument(help="A source, or a module.")],
    source: Annotated[
        Path | None, typer.Option(help="With a module: the source to show beside it, if it is its own.")
    ] = None,
) -> None:
    """Show a contract as it runs.

    Methods, storage and refusals, then the instructions beside their source lines.
    """
    if file.suffix == SOURCE_ENDING:
        text = _read_source(file)
        typer.echo(show_module(compile_contract(text, file.stem).module, text), nl=False)
        return
    data = _read(file, MODULE_BYTES_MAX)
    module = decode_module(data)
    verify_module(module)
    typer.echo(show_module(module, None if source is None else _read_source(source)), nl=False)


def _read(file: Path, bytes_max: int) -> bytes:
    with file.open("rb") as stream:
        data = stream.read(bytes_max + 1)
    if len(data) > bytes_max:
        raise NotDone(f"{file}: expected at most {bytes_max} bytes, so this is no contract")
    return data


def _read_source(file: Path) -> str:
    try:
        return _read(file, _SOURCE_BYTES_MAX).decode()
    except UnicodeDecodeError as error:
        raise NotDone(f"{file}: expected text in UTF-8: {error}. Give the contract's source") from error
