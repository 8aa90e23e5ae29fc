"""LoRA adapters in a model in memory: each is loaded once, one at a time is switched on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chatbot.engines.adapters import AdapterFolder, find_adapter, peft_name
from ingestion.errors import ModelUnavailable


class LoadedAdapters:
    """The adapters of `folder` in `model`, which people call `name`; for one thread at a time.

    The layers of `model` are dressed in place, so whoever holds it speaks with what is switched on.
    """

    def __init__(self, model: Any, name: str, folder: Path | None) -> None:
        self._model = model
        self._name = name
        self._folder = folder
        self._peft: Any = None
        """peft's handle on the model; None as long as no adapter is loaded."""
        self._loaded: set[str] = set()
        self._on: str | None = None

    def switch(self, name: str | None) -> None:
        """Have the model speak with an adapter, or as it is by itself (None).

        Raises `ModelUnavailable` for an adapter that cannot be used; what was on stays on.
        """
        if name is not None and name not in self._loaded:
            self._load(find_adapter(self._folder, name, self._name))
        if name != self._on:
            self._on = name
            self._activate()

    def _activate(self) -> None:
        if self._peft is None:
            return
        if self._on is None:
            self._peft.base_model.disable_adapter_layers()
        else:
            self._peft.base_model.enable_adapter_layers()
            self._peft.set_adapter(peft_name(self._on))

    def _load(self, found: AdapterFolder) -> None:
        # Seconds of import, paid only by those who use adapters.
        from peft import PeftConfig, get_peft_model

        module, peft = peft_name(found.name), self._peft
        try:
            if peft is None:
                shape = PeftConfig.from_pretrained(str(found.path))
                peft = get_peft_model(self._model, shape, adapter_name=module)
            read_weights(peft, found, module)
        except Exception as error:  # whatever it is, the model must be what it was
            self._drop(module)
            raise ModelUnavailable(
                f"The adapter “{found.name}” (made for {found.base or 'an unnamed model'}) is "
                f"damaged or does not fit {self._name} ({error}).",
                f"Copy it to {found.path} again; if that does not help, train it on this model or "
                "load the model it was made for.",
            ) from error
        self._peft = peft
        self._model.eval()
        self._loaded.add(found.name)

    def _drop(self, module: str) -> None:
        """Take out what a failed load has put into the model."""
        if self._peft is None:
            _undress(self._model)
        elif module in self._peft.peft_config:
            self._peft.delete_adapter(module)
        self._activate()


def read_weights(peft: Any, found: AdapterFolder, module: str) -> None:
    """Read an adapter's weights into a model that peft has dressed, as the adapter `module`.

    Raises `ValueError` where some are missing, which peft would leave at random, and whatever peft
    raises.
    """
    told = peft.load_adapter(str(found.path), adapter_name=module)
    if told.missing_keys:
        raise ValueError(f"it has no weights for {min(told.missing_keys)}")


def _undress(model: Any) -> None:
    """The model's own layers in place of peft's, of which a broken load may have put in a part."""
    from peft.tuners.tuners_utils import BaseTunerLayer
    from peft.utils.other import AuxiliaryTrainingWrapper

    for parent in list(model.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, BaseTunerLayer):
                setattr(parent, name, layer.get_base_layer())
            elif isinstance(layer, AuxiliaryTrainingWrapper):
                setattr(parent, name, layer.original_module)
    if hasattr(model, "peft_config"):
        del model.peft_config
