"""Give one image the mean and the covariance of another image's colors."""

from __future__ import annotations

import torch

from ..cases import picture, tensor
from ..properties import agrees, holds, relation
from ..spec import Exercise, Inputs, Mistake


def _inputs(size: tuple[int, int], other: tuple[int, int], seed: int, dtype: torch.dtype) -> Inputs:
    """Two images with as many pixels, whose channels are correlated."""
    mix = tensor([[1.0, 0.3, 0.1], [0.2, 0.8, 0.4], [0.1, 0.5, 0.6]])
    image = torch.einsum("ij,bjhw->bihw", mix, picture(1, 3, *size, seed=seed))
    like = torch.einsum("ij,bjhw->bihw", mix.T / 2, picture(1, 3, *other, seed=seed + 1)) + 0.2
    return {"image": image.to(dtype), "like": like.to(dtype)}


def _row_by_row(inputs: Inputs) -> torch.Tensor:
    """Without matrix products: whiten by forward substitution, then color."""
    x, y = (inputs[name][0].flatten(1) for name in ("image", "like"))
    x_factor, y_factor = (torch.linalg.cholesky(torch.cov(z)) for z in (x, y))
    white = torch.linalg.solve_triangular(x_factor, x - x.mean(1, keepdim=True), upper=False)
    colored = torch.stack([(row[:, None] * white).sum(0) for row in y_factor])
    return (colored + y.mean(1, keepdim=True)).view_as(inputs["image"])


EXERCISE = Exercise(
    name="color_matching",
    notebook="08_control",
    title="The colors of another picture",
    prompt="""
        Transform the colors of an image by x ↦ A (x − μ) + μ', so that their mean and covariance
        become those of `like`. Do not clamp. Use Cholesky factors: Σ = L Lᵀ with L lower triangular
        (`torch.linalg.cholesky`), and A = L' L⁻¹, where L' belongs to `like`.
    """,
    stub='''
        def my_color_matching(image, like):
            """The image with the mean and the covariance of the colors of another.

            image: (1, 3, H, W);  like: (1, 3, H', W')
            returns: (1, 3, H, W)
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_color_matching(image, like):
            x, y = image[0].flatten(1), like[0].flatten(1)
            mean, target = x.mean(1, keepdim=True), y.mean(1, keepdim=True)
            factor = torch.linalg.cholesky(torch.cov(x))
            target_factor = torch.linalg.cholesky(torch.cov(y))
            matrix = target_factor @ torch.linalg.inv(factor)
            return (matrix @ (x - mean) + target).view_as(image)
    """,
    why="The covariance of A x is A Σ Aᵀ, and with A = L' L⁻¹ this is L' L⁻¹ L Lᵀ L⁻ᵀ L'ᵀ = Σ'."
    " First L⁻¹ makes the colors white (uncorrelated, variance 1), then L' colors them.",
    notice="A is one of many. A rotation between L⁻¹ and L' changes neither mean nor covariance."
    " The package takes the symmetric roots Σ'^½ Σ^-½, which treat red, green and blue alike.",
    hints=(
        "Write the pixels as a matrix with a row for each channel: `image[0].flatten(1)`.",
        "`torch.cov` takes rows as variables. First subtract μ and multiply by L⁻¹; then multiply"
        " by L' and add μ'.",
        "`torch.linalg.cholesky(torch.cov(y))`, times the inverse of the same of `x`, stands on the"
        " left of `x - mean`.",
    ),
    cases=(
        lambda: _inputs((2, 4), (4, 2), 0, torch.float64),
        lambda: _inputs((4, 6), (3, 8), 3, torch.float64),
        lambda: _inputs((5, 6), (6, 5), 6, torch.float32),
    ),
    definition="The result is A (x − μ) + μ' with A = L' L⁻¹.",
    properties=(
        agrees("Whitened by forward substitution, then colored.", _row_by_row),
        holds(
            "The mean color is that of `like`.",
            lambda r, i: torch.allclose(r.mean((2, 3)), i["like"].mean((2, 3)), atol=1e-4),
        ),
        relation(
            "An image of twice the contrast has the same result.",
            lambda i: {"image": 2 * i["image"]},
        ),
        relation(
            "A brighter image has the same result.",
            lambda i: {"image": i["image"] + 0.1},
        ),
        relation(
            "The same picture for both comes back as it is.",
            lambda i: {"like": i["image"]},
            lambda r, i: i["image"],
        ),
    ),
    sizes=lambda i: {"the number of pixels": i["image"][0, 0].numel()},
    mistakes=(
        Mistake(
            "the matrix was transposed",
            "With the pixels as columns, A stands on their left as it is. With the pixels as rows,"
            " Aᵀ stands on their right.",
            edits={"matrix @ (x - mean)": "matrix.T @ (x - mean)"},
        ),
        Mistake(
            "the two factors were multiplied in the wrong order",
            "First whiten, then color: the matrix that acts first stands on the right,"
            " next to the pixels. It is L⁻¹.",
            edits={
                "target_factor @ torch.linalg.inv(factor)": (
                    "torch.linalg.inv(factor) @ target_factor"
                )
            },
        ),
        Mistake(
            "the roles of the two pictures were exchanged",
            "That takes the colors of `like` out and puts those of the image in. L' belongs to"
            " `like`, and L⁻¹ to the image.",
            edits={
                "target_factor @ torch.linalg.inv(factor)": (
                    "factor @ torch.linalg.inv(target_factor)"
                )
            },
        ),
        Mistake(
            "the inverse was forgotten",
            "Without the inverse the image's own covariance is not removed. It has to be made"
            " white first.",
            edits={"torch.linalg.inv(factor)": "factor"},
        ),
        Mistake(
            "the covariances were used without their roots",
            "The covariance of A x is A Σ Aᵀ, so A comes in twice. Take the Cholesky factors.",
            edits={
                "torch.linalg.cholesky(torch.cov(x))": "torch.cov(x)",
                "torch.linalg.cholesky(torch.cov(y))": "torch.cov(y)",
            },
        ),
        Mistake(
            "the symmetric roots were taken",
            "Mean and covariance are right, but the exercise asks for Cholesky factors, which give"
            " other colors. (The package takes the symmetric roots.)",
            source="""
                def my_color_matching(image, like):
                    x, y = image[0].flatten(1), like[0].flatten(1)
                    mean, target = x.mean(1, keepdim=True), y.mean(1, keepdim=True)
                    def power(matrix, exponent):
                        values, axes = torch.linalg.eigh(matrix)
                        return axes @ torch.diag(values**exponent) @ axes.T
                    matrix = power(torch.cov(y), 0.5) @ power(torch.cov(x), -0.5)
                    return (matrix @ (x - mean) + target).view_as(image)
            """,
        ),
        Mistake(
            "upper triangular factors were taken",
            "With Σ = U Uᵀ, or with Lᵀ in place of L, the matrix is another one."
            " `torch.linalg.cholesky` returns the lower factor as it is needed here.",
            edits={
                "torch.linalg.cholesky(torch.cov(x))": "torch.linalg.cholesky(torch.cov(x)).T",
                "torch.linalg.cholesky(torch.cov(y))": "torch.linalg.cholesky(torch.cov(y)).T",
            },
        ),
        Mistake(
            "the second moments were used in place of the covariances",
            "Subtract the mean before you multiply the pixels with themselves, or use `torch.cov`.",
            edits={
                "torch.cov(x)": "x @ x.T / x.shape[1]",
                "torch.cov(y)": "y @ y.T / y.shape[1]",
            },
        ),
        Mistake(
            "each channel was matched on its own",
            "That matches three means and three variances. The channels vary together, and this"
            " is in the other entries of the covariance.",
            source="""
                def my_color_matching(image, like):
                    x, y = image[0].flatten(1), like[0].flatten(1)
                    mean, target = x.mean(1, keepdim=True), y.mean(1, keepdim=True)
                    ratio = y.std(1, keepdim=True) / x.std(1, keepdim=True)
                    return (ratio * (x - mean) + target).view_as(image)
            """,
        ),
        Mistake(
            "one mean was taken for all channels",
            "Each channel has a mean of its own: `x.mean(1, keepdim=True)` is a column of three.",
            edits={"x.mean(1, keepdim=True), y.mean(1, keepdim=True)": "x.mean(), y.mean()"},
        ),
        Mistake(
            "the mean was not subtracted",
            "The matrix turns the colors around the origin. Subtract the mean of the image first.",
            edits={"(x - mean)": "x"},
        ),
        Mistake(
            "the mean of the other picture was not added",
            "The colors vary around black now. Add the mean of `like` at the end.",
            edits={" + target)": ")"},
        ),
        Mistake(
            "the mean of the image was added again",
            "The result should have the mean of `like`.",
            edits={" + target)": " + mean)"},
        ),
        Mistake(
            "the covariance runs over the wrong axis",
            "`torch.cov` takes each row as one variable. The variables are the three channels, so"
            " the matrix of pixels has three rows.",
            edits={"torch.cov(x)": "torch.cov(x.T)", "torch.cov(y)": "torch.cov(y.T)"},
            raises="not positive-definite",
        ),
        Mistake(
            "the pixels were brought into rows without moving the axes",
            "`reshape(3, -1)` of a tensor whose channels come last, or `reshape(-1, 3)` of one"
            " whose channels come first, mixes pixels with channels. Use `image[0].flatten(1)`.",
            source="""
                def my_color_matching(image, like):
                    x, y = image.reshape(-1, 3).T, like.reshape(-1, 3).T
                    mean, target = x.mean(1, keepdim=True), y.mean(1, keepdim=True)
                    factor = torch.linalg.cholesky(torch.cov(x))
                    target_factor = torch.linalg.cholesky(torch.cov(y))
                    matrix = target_factor @ torch.linalg.inv(factor)
                    return (matrix @ (x - mean) + target).T.reshape(image.shape)
            """,
        ),
    ),
)
