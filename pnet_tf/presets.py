"""Named experiments. Each docstring is a lab note: what it is for, its cost, the figure to expect."""

import inspect
from collections.abc import Callable

from pnet_tf import config
from pnet_tf.errors import InputError


def paper() -> config.Experiment:
    """The paper's final model and schedule (sections 4.2 and 4.3, equation 13): 2000 epochs at batch 64.

    Not run to its end by this project; on two CPU cores it takes months.
    """
    return config.Experiment(model=config.Model(upsampling="deconvolution"))


def exp1_m() -> config.Experiment:
    """Table 1, PortraitNet-M: the mask loss alone. Paper: 96.32 on EG1800, 92.63 on Supervise-Portrait."""
    return paper().replace(boundary_weight=0.0, consistency_weight=0.0)


def exp2_b() -> config.Experiment:
    """Table 1, PortraitNet-B: mask and boundary loss, λ = 0.1. Paper: 96.54 and 93.04.

    Starts from a trained `exp1_m` (section 4.4.1): ``--init_weights=EXP1_MODEL_DIR``.
    """
    return paper().replace(boundary_weight=0.1, consistency_weight=0.0)


def exp3_c() -> config.Experiment:
    """Table 1, PortraitNet-C: mask and consistency loss, α = 2. Paper: 96.57 and 93.17."""
    return paper().replace(boundary_weight=0.0)


def exp4_full() -> config.Experiment:
    """Table 1, PortraitNet: all three losses (equation 13). Paper: 96.62 and 93.43."""
    return paper()


def authors() -> config.Experiment:
    """The authors' released code: their network, and their settings where they differ from the paper.

    Boundary loss of weight 0.1 on A′ alone with a constant factor, contour labels, the learning rate in
    steps, their augmentation. Their α of 2 is a mean over pixels and classes, half of ours: 1.
    """
    return paper().replace(
        network="reference",
        augment="authors",
        boundary="contour",
        boundary_weight=0.1,
        boundary_views="textured",
        focal_factor_gradient=False,
        consistency_weight=1.0,
        schedule="paper_steps",
    )


def enet() -> config.Experiment:
    """Table 4's ENet, as the paper's authors ran it: the mask loss alone, the learning rate in steps."""
    return _competitor("enet")


def bisenet() -> config.Experiment:
    """Table 4's BiSeNet with ResNet18, as the paper's authors ran it: the mask loss alone, from fresh weights."""
    return _competitor("bisenet")


def bisenet_plus() -> config.Experiment:
    """BiSeNet with the paper's two losses (section 4.4.3); its boundary head has six parameters."""
    return bisenet().replace(boundary_weight=0.3, consistency_weight=2.0)


def portraitfcn() -> config.Experiment:
    """Table 4's PortraitFCN+ as the paper's authors ran it; ``--init_weights=imagenet`` gives it VGG16's weights."""
    return _competitor("portraitfcn")


def _competitor(network: str) -> config.Experiment:
    return exp1_m().replace(network=network, upsampling="bilinear", schedule="paper_steps", weight_decay=5e-4)


def hour() -> config.Experiment:
    """A good model of EG1800's photos, 1,206 of them to train on, within an hour on two CPU cores.

    ImageNet encoder weights, bilinear up-sampling, a skip and heads at half resolution, batch 16, cosine, averaged
    weights. LAB.md has the commands and the figures.
    """
    return config.Experiment(
        model=config.Model(finest_skip=2, head_rate=2),
        training=config.Training(
            epochs=20,
            batch_size=16,
            learning_rate=1e-3,
            schedule="cosine",
            warmup_steps=100,
            weight_decay=1e-5,
            ema_decay=0.998,
            clip_norm=5.0,
            validate_every=2,
        ),
    )


def distilled() -> config.Experiment:
    """Continues `hour` on more photos and with a teacher: 20 epochs of 143 steps, an hour.

    Records made with ``pnet-convert --teacher``; ``--init_weights`` of a model that `hour` trained. LAB.md has the
    commands and the figures.
    """
    return hour().replace(learning_rate=5e-4, distillation_weight=1.0, stretch_share=0.25)


def sharp() -> config.Experiment:
    """Continues `distilled` with an eye on the boundary: 25 epochs, 80 minutes.

    More weight near the boundary and milder deformations, from `--init_weights` of a `distilled` model. LAB.md has
    the commands and the figures.
    """
    return distilled().replace(boundary_emphasis=6.0, deformation_strength=0.6, epochs=25, learning_rate=8e-4)


def varied() -> config.Experiment:
    """Continues `sharp`, with the backgrounds of other photos: 24 epochs, 75 minutes.

    The teacher counts twice as much, its masks recentred (``pnet-convert --teacher_threshold``), and the weights are
    averaged for longer. From `--init_weights` of a `sharp` model. LAB.md has the commands and
    the figures.
    """
    return sharp().replace(backdrop_share=0.4, distillation_weight=2.0, ema_decay=0.999, epochs=24)


def taught() -> config.Experiment:
    """Continues `varied` for as long again; the mean of both, pruned, led to `portraitnet`. 24 epochs, 75 minutes.

    The teacher counts four times as much as the labels, and every other pair has a borrowed background. From
    `--init_weights` of a `varied` model. LAB.md has the commands and the figures.
    """
    return varied().replace(distillation_weight=4.0, backdrop_share=0.5)


def lite() -> config.Experiment:
    """A pruned `portraitnet` at 192×160; two such runs, averaged, are `portraitnet-lite`. 45 epochs, 40 minutes.

    A network of half the channels is no better on its training photos than on others, so views are milder than those of
    `taught` and the learning rate is higher. The sets' masks should agree on the boundary (``pnet-convert
    --source=unlabelled --teacher_threshold``). From ``--init_weights`` of a pruned model. LAB.md has the commands
    and the figures.
    """
    start = taught().replace(input_height=192, input_width=160, epochs=45, learning_rate=1e-3, validate_every=3)
    return start.replace(deformation_strength=0.4, backdrop_share=0.3, stretch_share=0.15)


def qat() -> config.Experiment:
    """The int8 twin of a finished float model: a short fine-tuning with the same losses.

    ``pnet-train --preset=qat --init_weights=MODEL_DIR``; the network's settings come from there.
    LAB.md has the cost and the figures.
    """
    return config.Experiment(
        training=config.Training(
            epochs=3,
            batch_size=16,
            learning_rate=5e-5,
            schedule="cosine",
            weight_decay=0.0,
            clip_norm=5.0,
            quantize=True,
        )
    )


def demo() -> config.Experiment:
    """`make demo`: two minutes of fine-tuning the shipped model on 48 composed photos."""
    return config.Experiment(
        model=config.Model(finest_skip=2, head_rate=2),
        training=config.Training(
            epochs=16,
            batch_size=8,
            learning_rate=3e-4,
            schedule="cosine",
            weight_decay=0.0,
            clip_norm=5.0,
            validate_every=4,
        ),
    )


def demo_qat() -> config.Experiment:
    """`make demo`: the int8 twin of what `demo` trained, half a minute."""
    return demo().replace(epochs=4, learning_rate=3e-5, quantize=True)


def tiny() -> config.Experiment:
    """Seconds instead of hours: the narrowest encoder at 64×64, for tests and first looks."""
    return config.Experiment(
        model=config.Model(input_height=64, input_width=64, width=0.35),
        training=config.Training(epochs=2, batch_size=4, schedule="constant", weight_decay=0.0),
    )


PRESETS: dict[str, Callable[[], config.Experiment]] = {
    one.__name__: one
    for one in (
        paper,
        exp1_m,
        exp2_b,
        exp3_c,
        exp4_full,
        authors,
        enet,
        bisenet,
        bisenet_plus,
        portraitfcn,
        hour,
        distilled,
        sharp,
        varied,
        taught,
        lite,
        qat,
        demo,
        demo_qat,
        tiny,
    )
}


def get(name: str) -> config.Experiment:
    """The named experiment.

    Raises:
      InputError: an unknown name (the known ones are listed).
    """
    if name not in PRESETS:
        raise InputError(f"--preset={name}: known presets are {', '.join(PRESETS)}")
    return PRESETS[name]()


def notes() -> str:
    """Every preset's name and the first line of its lab note."""
    return "\n".join(f"  {name}: {inspect.getdoc(make).splitlines()[0]}" for name, make in PRESETS.items())
