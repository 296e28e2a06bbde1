"""A GPU that is none: our torch code runs on the CPU, and mixing devices fails as it does on a real one.

Tensors that were sent to "cuda", or made there, are of the class `OnGpu`: they say that they are on a GPU,
and compute on the CPU. What CUDA refuses is refused: a product of tensors of two devices, a CPU tensor
indexed by one on the GPU, `.numpy()`. What it allows is allowed: CPU tensors without dimensions, CPU indices,
copies. Autocast chooses the number types that CUDA's chooses. With `count`, kernels that a real GPU would be
sent, and waits for it, are counted for each line of our code.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

ROOT = str(Path(__file__).parents[1])
GPU = torch.device("cuda", 0)
CPU = torch.device("cpu")

# the CPU tensors among these functions' arguments may be of any shape
CROSSING = {Tensor.copy_, Tensor.expand_as, Tensor.view_as, Tensor.reshape_as, Tensor.tensor_split}
# these take no tensor of the CPU, not even one without dimensions
STRICT = {torch.cat, torch.stack, torch.hstack, torch.vstack, torch.concat, torch.column_stack}
WAITING = {  # the CPU waits for the GPU to tell their results, or the results' shapes
    Tensor.item,
    Tensor.tolist,
    Tensor.__bool__,
    Tensor.__float__,
    Tensor.__int__,
    Tensor.__index__,
    Tensor.nonzero,
    torch.nonzero,
    Tensor.unique,
    torch.unique,
    torch.unique_consecutive,
    torch.equal,
    torch.allclose,
    Tensor.masked_select,
    torch.bincount,
}
NO_KERNEL = ("empty", "alias", "detach", "_unsafe_view", "resize_", "lift_fresh", "set_", "_local_scalar")


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# which functions CUDA's autocast runs in the small number type, and which in float32; those that mix types
# run in the larger one
SMALL = _names("""
    conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d linear matmul __matmul__
    __rmatmul__ mm mv bmm baddbmm addmm addmv addr addbmm einsum chain_matmul prelu
    scaled_dot_product_attention""")
FLOAT32 = _names("""
    __pow__ __rpow__ __rdiv__ __rtruediv__ pow acos asin cosh sinh tan exp expm1 log log10 log2 log1p
    reciprocal rsqrt erfinv softplus sum prod cumsum cumprod norm dist cdist pdist renorm normalize
    cosine_similarity softmax softmin log_softmax layer_norm group_norm mse_loss l1_loss smooth_l1_loss
    nll_loss cross_entropy kl_div binary_cross_entropy_with_logits poisson_nll_loss cosine_embedding_loss
    hinge_embedding_loss margin_ranking_loss triplet_margin_loss soft_margin_loss""")
WIDEST = _names("""addcdiv addcmul atan2 bilinear cross dot vdot grid_sample index_put index_put_ scatter_add
    tensordot cat stack""")


class OnGpu(Tensor):
    """A tensor that says that it is on the first GPU."""

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _called(func, args, kwargs or {})


class _Mode(TorchFunctionMode):
    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _called(func, args, kwargs or {})


class Counts:
    """What a GPU would have been sent: kernels, and waits of the CPU for it, by our file and line."""

    def __init__(self) -> None:
        self.kernels: Counter[str] = Counter()
        self.waits: Counter[str] = Counter()

    def by_file(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for place, times in self.kernels.items():
            found[place.split(":")[0]] += times
        return found


class _Counting(TorchDispatchMode):
    """Counts the kernels within calls that are the GPU's."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        if _state.gpu_calls and not func.is_view and not name.startswith(NO_KERNEL):
            assert _state.counts is not None
            _state.counts.kernels[_place()] += 1
        return func(*args, **(kwargs or {}))


class _State:
    counts: Counts | None = None
    small: torch.dtype | None = None  # the number type of an autocast that we are within
    gpu_calls = 0  # how many calls we are within, whose result is on the GPU


_state = _State()


@contextmanager
def pretended_gpu(count: bool = False) -> Iterator[Counts]:
    """Within it, `torch.cuda.is_available()` and "cuda" is a device. Threads that it starts have no GPU."""
    counts = Counts()
    with ExitStack() as stack:
        for name, instead in _CUDA.items():
            stack.enter_context(patch.object(torch.cuda, name, instead))
        stack.enter_context(patch.object(torch, "autocast", _Autocast))
        stack.enter_context(patch.object(torch, "Generator", _Generator))
        stack.enter_context(patch.object(nn.Module, "_apply", _apply))
        stack.enter_context(patch.object(torch.random, "fork_rng", _fork_rng))
        if count:
            stack.enter_context(patch.object(_state, "counts", counts))
            stack.enter_context(_Counting())
        stack.enter_context(_Mode())
        yield counts


def _called(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The result of a function of torch, on the device where CUDA would have it."""
    special = _SPECIAL.get(func)
    if special is not None:
        return special(*args, **kwargs)
    if func in (Tensor.to, Tensor.cuda, Tensor.cpu):
        return _moved(func, args, kwargs)
    tensors = list(_tensors((args, kwargs)))
    gpu = any(isinstance(tensor, OnGpu) for tensor in tensors)
    if gpu and torch._C._current_graph_task_id() == -1:  # backward passes hand us bare tensors
        _check(func, args, tensors)
    if kwargs.get("device") is not None:
        gpu = torch.device(kwargs["device"]).type == "cuda"
        kwargs = {**kwargs, "device": CPU}
    if gpu and _state.small is not None:
        args, kwargs = _cast(func.__name__, _state.small, args, kwargs)
    leaf = gpu and kwargs.pop("requires_grad", False)
    result = _run(func, args, kwargs, gpu)
    return result.requires_grad_() if leaf else result


def _cast(name: str, small: torch.dtype, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """The arguments in the number type that CUDA's autocast gives this function."""
    if name in SMALL:
        wanted = small
    elif name in FLOAT32 or (
        name in WIDEST and any(value.dtype == torch.float32 for value in _tensors((args, kwargs)))
    ):
        wanted = torch.float32
    else:
        return args, kwargs

    def cast(value: Any) -> Any:
        if isinstance(value, Tensor):
            return value.to(wanted) if value.dtype in (small, torch.float32) else value
        return type(value)(map(cast, value)) if type(value) in (tuple, list) else value

    return cast(args), {key: cast(value) for key, value in kwargs.items()}


def _run(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], gpu: bool) -> Any:
    if (gpu and func in WAITING) or (func is Tensor.__getitem__ and gpu and _chooses(args[1])):
        _waited()
    _state.gpu_calls += gpu
    try:
        with torch._C.DisableTorchFunctionSubclass():
            result = func(*args, **kwargs)
    finally:
        _state.gpu_calls -= gpu
    return _on(result, gpu)


def _check(func: Callable[..., Any], args: tuple[Any, ...], tensors: list[Tensor]) -> None:
    """RuntimeError where tensors of both devices meet and CUDA refuses it."""
    if func in CROSSING:
        return
    if func in (Tensor.__getitem__, Tensor.__setitem__, Tensor.index_put_):
        indices = [index for index in _tensors(args[1]) if index.dim()]
        tensors = [args[0], *_tensors(args[2:])] if indices or func is Tensor.__getitem__ else []
        if not isinstance(args[0], OnGpu):
            tensors += indices
    bare = [tensor for tensor in tensors if not isinstance(tensor, OnGpu)]
    if not any(tensor.dim() or func in STRICT for tensor in bare) or len(bare) == len(tensors):
        return
    name = getattr(func, "__name__", str(func))
    raise RuntimeError(f"Expected all tensors to be on the same device: {name} got cuda:0 and cpu.")


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        yield from _tensors(tuple(value.values()))
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _tensors(part)


def _on(value: Any, gpu: bool) -> Any:
    """The result of a call with its tensors on the one device or the other."""
    if isinstance(value, Tensor):
        if gpu == isinstance(value, OnGpu):
            return value
        with torch._C.DisableTorchFunctionSubclass():
            kind = OnGpu if gpu else Tensor
            return Tensor._make_subclass(kind, value) if value.is_sparse else value.as_subclass(kind)
    if isinstance(value, tuple) and type(value) is not tuple:  # named
        return (
            type(value)(*(_on(part, gpu) for part in value))
            if hasattr(value, "_fields")
            else type(value)([_on(part, gpu) for part in value])
        )
    if isinstance(value, (tuple, list)):
        return type(value)(_on(part, gpu) for part in value)
    return value


def _moved(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
    """Tensor.to and its kin: a copy where the device changes, as on a real GPU."""
    given, *rest = args
    here = target = isinstance(given, OnGpu)
    if func is not Tensor.to:
        target, rest, kwargs = func is Tensor.cuda, [], {}
    for name, value in [*enumerate(rest), *kwargs.items()]:
        if isinstance(value, (str, torch.device)):
            target = torch.device(value).type == "cuda"
            where: Any = rest if isinstance(name, int) else kwargs
            where[name] = CPU
        elif isinstance(value, Tensor):
            target = isinstance(value, OnGpu)
    if here and not target:
        _waited()
    _state.gpu_calls += here or target
    try:
        with torch._C.DisableTorchFunctionSubclass():
            found = Tensor.to(given, *rest, **kwargs) if rest or kwargs else given
            if here != target and found is given:
                found = given.clone()
    finally:
        _state.gpu_calls -= here or target
    return _on(found, target)


def _chooses(index: Any) -> bool:
    return any(part.dtype == torch.bool and part.dim() > 0 for part in _tensors(index))


def _waited() -> None:
    if _state.counts is not None:
        _state.counts.waits[_place()] += 1


def _place() -> str:
    """The innermost line of our own code that is being run."""
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(ROOT) and name != __file__ and "site-packages" not in name:
            return f"{name[len(ROOT) + 1 :]}:{frame.f_lineno}"
        frame = frame.f_back
    return "elsewhere:0"


def _bare(value: Tensor) -> Tensor:
    with torch._C.DisableTorchFunctionSubclass():
        return value.as_subclass(Tensor)


def _no_numpy(value: Tensor, *_: Any, **__: Any) -> Any:
    if isinstance(value, OnGpu):
        raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first.")
    with torch._C.DisableTorchFunctionSubclass():
        return value.numpy(*_, **__)


def _no_array(value: Tensor, *args: Any, **more: Any) -> Any:
    if isinstance(value, OnGpu):
        return _no_numpy(value)
    with torch._C.DisableTorchFunctionSubclass():
        return Tensor.__array__(value, *args, **more)


def _deep_copied(value: Tensor, memo: dict[int, Any]) -> Tensor:
    with torch._C.DisableTorchFunctionSubclass():
        if not isinstance(value, OnGpu):
            return type(value).__deepcopy__(value, memo)
        copied = value.detach().clone().as_subclass(OnGpu).requires_grad_(value.requires_grad)
    if isinstance(value, nn.Parameter):
        copied = nn.Parameter(copied, value.requires_grad)
    memo[id(value)] = copied
    return copied


def _reduced(value: Tensor, protocol: int) -> Any:
    with torch._C.DisableTorchFunctionSubclass():
        return value.as_subclass(Tensor).__reduce_ex__(protocol)


def _where(value: Tensor) -> torch.device:
    return GPU if isinstance(value, OnGpu) else CPU


_SPECIAL: dict[Any, Callable[..., Any]] = {
    Tensor.device.__get__: _where,  # pyright: ignore[reportAttributeAccessIssue]
    Tensor.is_cuda.__get__: lambda value: isinstance(value, OnGpu),  # pyright: ignore
    Tensor.is_cpu.__get__: lambda value: not isinstance(value, OnGpu),  # pyright: ignore
    Tensor.numpy: _no_numpy,
    Tensor.__array__: _no_array,
    Tensor.__deepcopy__: _deep_copied,
    Tensor.__reduce_ex__: _reduced,
    Tensor.pin_memory: lambda value, *_: value,
}


def _apply(module: nn.Module, move: Callable[[Tensor], Tensor], recurse: bool = True) -> nn.Module:
    """As nn.Module._apply, for tensors that change their class."""
    for child in module.children() if recurse else ():
        _apply(child, move)
    with torch.no_grad():
        for parameter in module._parameters.values():
            if parameter is not None:
                moved = move(parameter)
                if isinstance(moved, OnGpu) == isinstance(parameter, OnGpu):
                    parameter.data = moved
                else:
                    torch.utils.swap_tensors(parameter, nn.Parameter(moved, parameter.requires_grad))
        for name, buffer in module._buffers.items():
            if buffer is not None:
                module._buffers[name] = move(buffer)
    return module


class _Autocast:
    """Notes what `_cast` does."""

    def __init__(self, device: str, dtype: torch.dtype = torch.bfloat16, enabled: bool = True):
        self.small = dtype if enabled else None

    def __enter__(self) -> None:
        self.before, _state.small = _state.small, self.small

    def __exit__(self, *_: Any) -> None:
        _state.small = self.before


_real_fork_rng = torch.random.fork_rng


def _fork_rng(devices: Any = None, *args: Any, **kwargs: Any) -> Any:
    return _real_fork_rng([], *args, **kwargs)


class _Generator(torch.Generator):
    """A generator that may say that it is the GPU's."""

    where = CPU

    def __new__(cls, device: Any = "cpu") -> _Generator:
        made = super().__new__(cls, CPU)  # pyright: ignore[reportCallIssue]
        made.where = GPU if torch.device(device).type == "cuda" else CPU
        return made

    def __init__(self, device: Any = "cpu") -> None: ...

    @property
    def device(self) -> torch.device:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.where


_CUDA: dict[str, Callable[..., Any]] = {
    "is_available": lambda: True,
    "is_bf16_supported": lambda *_: True,
    "device_count": lambda: 1,
    "current_device": lambda: 0,
    "set_device": lambda *_: None,
    "synchronize": lambda *_: None,
    "empty_cache": lambda: None,
    "mem_get_info": lambda *_: (64 << 30, 80 << 30),
    "get_rng_state": lambda *_: torch.get_rng_state(),
    "set_rng_state": lambda *_: None,
}
