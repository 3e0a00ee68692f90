import pytest
import torch
from torch import Tensor, nn

from cleanplate.document.network import Logits, Original, Ours, num_weights

NARROW = 0.125


def _pair(side_px: int = 32) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(2, 3, side_px, side_px, generator=generator), torch.rand(
        2, 3, side_px, side_px, generator=generator
    )


def test_full_width_has_the_weights_of_the_document_and_its_summary_tools_count() -> None:
    network, counted = Original(stem="apart").eval(), 0

    def count(module: nn.Module, *_: object) -> None:
        nonlocal counted
        counted += sum(parameter.numel() for parameter in module.parameters(recurse=False))

    for module in network.modules():
        module.register_forward_hook(count)
    with torch.no_grad():
        network(*_pair(16))
    assert num_weights(network) == 40_862_592
    assert counted == 40_866_048  # a tool that counts at every call: the stem and the last layer are called twice


@pytest.mark.parametrize("channels", [(1, 0), (0, 3), (1, 1), (3, 3), (1, 3)])
def test_what_is_asked_for_comes_out_at_the_size_of_the_picture(channels: tuple[int, int]) -> None:
    network = Original(channels, NARROW, mask_from="decoder", shared_last=False).eval()
    logits: Logits = network(*_pair())
    for x, count in zip(logits, channels, strict=True):
        assert (None if x is None else x.shape) == ((2, count, 32, 32) if count else None)


def test_the_documents_mask_never_sees_the_u_net_and_ends_in_depths_own_layer() -> None:
    network = Original(width=NARROW)
    torch.autograd.backward(network(*_pair()).mask.sum())
    reached = {name.split(".")[0] for name, p in network.named_parameters() if p.grad is not None}
    assert reached == {"stem", "early", "last_mask"}
    assert network.last_depth is network.last_mask


def test_mended_the_mask_sees_the_u_net_and_shares_no_last_layer() -> None:
    network = Original(width=NARROW, mask_from="decoder", shared_last=False)
    torch.autograd.backward(network(*_pair()).mask.sum())
    reached = {name.split(".")[0] for name, p in network.named_parameters() if p.grad is not None}
    assert reached == {"stem", "unet", "last_mask"}


def test_after_subtraction_what_both_pictures_share_is_gone() -> None:
    network = Original((1, 0), NARROW, "subtract", "decoder").eval()
    one, other = _pair()
    assert torch.equal(network(one, one).mask, network(other, other).mask)


def test_the_stem_sees_both_pictures_together_or_apart_which_only_learning_tells_apart() -> None:
    together = Original(width=NARROW)
    apart = Original(width=NARROW, stem="apart")
    apart.load_state_dict(together.state_dict())
    plate, shot = _pair()
    shot = shot / 2
    for network in (together, apart):
        network.eval()
    torch.testing.assert_close(together(plate, shot).mask, apart(plate, shot).mask)
    for network in (together, apart):
        network.train()
    assert not torch.allclose(together(plate, shot).mask, apart(plate, shot).mask, atol=1e-2)


def test_a_shared_last_layer_refuses_mask_and_depth_of_different_forms() -> None:
    with pytest.raises(ValueError, match="as many channels"):
        Original((1, 3), NARROW)


def test_our_network_answers_in_the_documents_form() -> None:
    logits: Logits = Ours(0.5).eval()(*_pair())
    assert [None if x is None else x.shape for x in logits] == [(2, 1, 32, 32)] * 2
