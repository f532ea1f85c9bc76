"""Intervals and p-values: small cases by hand, properties, and (slow) coverage by simulation."""

import itertools
import math

import numpy as np
import pytest

from f1cap.metrics import formulas, statistics
from f1cap.metrics.formulas import Block, Layout, Matrix

MEAN = Layout((Block(1, ("rouge_l",), formulas.mean),))
BLEU = Layout(
    (
        Block(
            10,
            ("bleu_1", "bleu_2", "bleu_3", "bleu_4"),
            lambda sums, _: formulas.bleu(sums),
            lambda sums, _: formulas.matched_bleu(sums),
        ),
    )
)


def p_values(
    first: Matrix, second: Matrix, layout: Layout, *, trials: int = 10, seed: int = 1
) -> Matrix:
    """Return the p of each metric for one pair of models."""
    found = statistics.randomisation_ps([first, second], [(0, 1)], layout, trials=trials, seed=seed)
    return found.reshape(-1)


def bleu_rows(generator: np.random.Generator, images: int, skill: float) -> Matrix:
    """Draw statistics that look like those of captions of 5 to 14 words."""
    words = generator.integers(5, 15, images)
    closest = words + generator.integers(-2, 3, images)
    possible = np.stack([words - order for order in range(4)], axis=1)
    chance = skill ** np.arange(1, 5) * generator.uniform(0.6, 1.2, (images, 1)).clip(max=1)
    matched = generator.binomial(possible, chance)
    matched = np.minimum.accumulate(matched, axis=1)
    return np.column_stack([words, closest, possible, matched]).astype(np.float64)


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [(1, 12.7062047), (2, 4.3026527), (3, 3.1824463), (19, 2.0930241), (99, 1.9842170)],
)
def test_student_quantile_is_the_tables(degrees: int, expected: float) -> None:
    assert statistics.student_quantile(0.975, degrees) == pytest.approx(expected, abs=1e-7)


def test_student_quantile_has_no_step_between_its_two_ways() -> None:
    values = [statistics.student_quantile(0.975, degrees) for degrees in range(195, 207)]
    steps = np.diff(values)
    assert (steps < 0).all()
    assert np.diff(steps) == pytest.approx(0, abs=1e-6)


def test_expanded_tail_is_wider_for_few_images() -> None:
    normal = 0.5 * math.erfc(math.sqrt(20 / 19) * 2.0930241 / math.sqrt(2))
    assert statistics.expanded_tail(20, 0.95) == pytest.approx(normal, abs=1e-8)
    assert statistics.expanded_tail(20, 0.95) == pytest.approx(0.0159, abs=1e-4)
    assert statistics.expanded_tail(100_000, 0.95) == pytest.approx(0.025, abs=1e-5)


def test_resamples_draw_as_many_images_as_there_are() -> None:
    sums = statistics.bootstrap_sums(np.ones((7, 1)), 100, seed=1)
    assert (sums == 7).all()


def test_resamples_depend_on_the_seed_alone_and_pair_the_columns() -> None:
    rows = np.arange(30.0).reshape(10, 3)
    sums = statistics.bootstrap_sums(rows, 50, seed=4)
    assert (sums == statistics.bootstrap_sums(rows, 50, seed=4)).all()
    assert (sums != statistics.bootstrap_sums(rows, 50, seed=5)).any()
    assert sums[:, 1] - sums[:, 0] == pytest.approx(
        10.0
    )  # the second is the first and one, each time
    assert (statistics.bootstrap_sums(rows[:, :1], 50, seed=4) == sums[:, :1]).all()


def test_resamples_in_batches_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.arange(10.0).reshape(10, 1)
    whole = statistics.bootstrap_sums(rows, 64, seed=4)
    monkeypatch.setattr(statistics, "MAX_CELLS", 30)
    assert (statistics.bootstrap_sums(rows, 64, seed=4) == whole).all()


def test_interval_of_a_mean_is_that_of_theory() -> None:
    rows = np.random.default_rng(1).normal(0.4, 0.1, (400, 1))
    drawn = statistics.bootstrap_sums(rows, 10_000, seed=1) / 400
    low, high = statistics.expanded_percentile(drawn, 400, 0.95)
    half = 1.966 * rows.std(ddof=1) / 20
    assert low[0] == pytest.approx(rows.mean() - half, abs=half * 0.06)
    assert high[0] == pytest.approx(rows.mean() + half, abs=half * 0.06)


def ends(
    rows: Matrix, layout: Layout, *, seed: int, resamples: int = 2_000
) -> tuple[Matrix, Matrix]:
    """Return the ends of the studentised intervals of one model's scores."""
    images = len(rows)
    influences = statistics.influence(rows, layout)
    columns = np.hstack([rows, influences, influences**2])
    sums = statistics.bootstrap_sums(columns, resamples, seed)
    moments = sums[:, layout.width :].reshape(resamples, 2, -1)
    real = layout.resampled(rows.sum(axis=0), images)
    drawn = layout.resampled(sums[:, : layout.width], images)
    half = statistics.studentised(real, drawn, influences, moments, 0.95)
    return real - half, real + half


def test_studentised_interval_of_a_mean_is_that_of_theory() -> None:
    rows = np.random.default_rng(1).normal(0.4, 0.1, (400, 1))
    low, high = ends(rows, MEAN, seed=1, resamples=10_000)
    half = 1.966 * rows.std(ddof=1) / 20
    assert low[0] == pytest.approx(rows.mean() - half, abs=half * 0.06)
    assert high[0] == pytest.approx(rows.mean() + half, abs=half * 0.06)


def test_influence_of_a_mean_is_by_how_much_an_image_differs_from_it() -> None:
    rows = np.array([[1.0], [2.0], [6.0]])
    assert statistics.influence(rows, MEAN) == pytest.approx(rows - 3.0)


def test_an_interval_that_two_images_decide_still_ends() -> None:
    low, high = ends(np.array([[0.2], [0.4]]), MEAN, seed=1)
    # Half of the resamples are one image twice, with no error of their own: 1.5 times Student's.
    half = 1.5 * 12.7062047 * 0.1
    assert (low[0], high[0]) == pytest.approx((0.3 - half, 0.3 + half))


def test_differences_in_bleu_4_on_twenty_images_are_covered() -> None:
    generator = np.random.default_rng(11)
    population = [bleu_rows(generator, 5_000, skill) for skill in (0.6, 0.5)]
    first, second = (BLEU.resampled(rows.sum(axis=0), 5_000) for rows in population)
    truth = (first - second)[3]
    rounds, resamples, covered, by_percentiles = 300, 500, 0, 0
    for seed in range(rounds):
        images = generator.choice(5_000, 20, replace=False)
        a, b = (rows[images] for rows in population)
        influences = statistics.influence(a, BLEU) - statistics.influence(b, BLEU)
        sums = statistics.bootstrap_sums(
            np.hstack([a, b, influences, influences**2]), resamples, seed
        )
        real = BLEU.resampled(a.sum(axis=0), 20) - BLEU.resampled(b.sum(axis=0), 20)
        drawn = BLEU.resampled(sums[:, :10], 20) - BLEU.resampled(sums[:, 10:20], 20)
        moments = sums[:, 20:].reshape(resamples, 2, 4)
        half = statistics.studentised(real, drawn, influences, moments, 0.95)
        covered += abs(truth - real[3]) <= half[3]
        low, high = statistics.expanded_percentile(drawn, 20, 0.95)
        by_percentiles += low[3] <= truth <= high[3]
    assert by_percentiles / rounds < 0.92, "which is why they are not what is shown"
    assert covered / rounds == pytest.approx(0.95, abs=0.015)


def test_what_never_differs_has_an_interval_of_one_point() -> None:
    low, high = ends(np.full((9, 1), 0.25), MEAN, seed=1)
    assert (low[0], high[0]) == pytest.approx((0.25, 0.25), abs=1e-12)


def test_many_images_take_fewer_resamples() -> None:
    assert statistics.default_resamples(20_000) == 10_000
    assert statistics.default_resamples(20_001) == 2_000


def test_p_by_hand() -> None:
    first = np.array([[1.0], [2.0], [3.0]])
    # Differences of 1 each: of the 8 swaps only none and all give a mean difference of 1 or -1.
    p = p_values(first, first - 1, MEAN)
    assert p == pytest.approx([2 / 8])
    # Differences 3, -1, -1 of sum 1: under the swaps |sum| is 5, 3, 3 or 1, never below.
    gap = np.array([[3.0], [-1.0], [-1.0]])
    p = p_values(first + gap, first, MEAN)
    assert p == pytest.approx([1.0])
    # Differences 2, 2, -1 of sum 3: |sum| is 3, 5, 1 or 1, so 4 of 8 swaps reach it.
    gap = np.array([[2.0], [2.0], [-1.0]])
    p = p_values(first + gap, first, MEAN)
    assert p == pytest.approx([4 / 8])


@pytest.mark.parametrize("images", [1, 2, 5, 9])
def test_exact_p_of_bleu_is_that_of_trying_every_swap(images: int) -> None:
    generator = np.random.default_rng(images)
    layout = BLEU
    first, second = (bleu_rows(generator, images, skill) for skill in (0.8, 0.5))

    def distance(swap: tuple[int, ...]) -> Matrix:
        flags = np.array(swap, dtype=bool)[:, np.newaxis]
        a, b = np.where(flags, second, first), np.where(flags, first, second)
        scores = [layout.scores(rows.sum(axis=0), images) for rows in (a, b)]
        gap: Matrix = np.abs(scores[0] - scores[1])
        return gap

    real = distance((0,) * images)
    every = [distance(swap) >= real - 1e-12 for swap in itertools.product((0, 1), repeat=images)]
    p = p_values(first, second, layout)
    assert p == pytest.approx(np.mean(every, axis=0))


@pytest.mark.parametrize("images", [8, 33])
def test_bleu_without_a_match_is_a_tie_whatever_the_lengths(images: int) -> None:
    generator = np.random.default_rng(images)
    first, second = (bleu_rows(generator, images, skill) for skill in (0.8, 0.6))
    second += [3, 0, 3, 3, 3, 3, 1, 0, 0, 0]  # other lengths, and other matches of one word
    for rows in (first, second):
        rows[:, 9] = 0
    assert formulas.bleu(first.sum(axis=0))[3] != formulas.bleu(second.sum(axis=0))[3] > 0
    p = p_values(first, second, BLEU, trials=2_000)
    assert p[3] == 1.0
    assert p[0] < 1.0
    for rows in (first, second):
        drawn = BLEU.resampled(statistics.bootstrap_sums(rows, 200, seed=1), images)
        assert (drawn[:, 3] == 0).all()
        assert (drawn[:, 2] > 0).any()


@pytest.mark.parametrize("images", [1, 6, 20, 33])
def test_a_model_against_itself_has_p_one(images: int) -> None:
    rows = bleu_rows(np.random.default_rng(2), images, 0.6)
    layout = BLEU
    assert (p_values(rows, rows, layout, trials=500, seed=1) == 1.0).all()


def test_random_swaps_come_close_to_all_swaps(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(5)
    first, second = generator.normal(0.1, 1, (12, 1)), generator.normal(-0.3, 1, (12, 1))
    exact = p_values(first, second, MEAN, trials=1, seed=1)
    monkeypatch.setattr(statistics, "EXACT_LIMIT", 0)
    drawn = p_values(first, second, MEAN, trials=20_000, seed=1)
    assert drawn == pytest.approx(exact, abs=0.012)


def test_random_p_is_never_zero() -> None:
    first = np.ones((60, 1))
    p = p_values(first, first * 0, MEAN, trials=999, seed=1)
    assert p == pytest.approx([1 / 1000])


def test_holm_by_hand() -> None:
    assert statistics.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert statistics.holm([0.5, 0.9]) == [1.0, 1.0]
    assert statistics.holm([]) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("images", "metric", "expected"),
    [
        (20, "rouge_l", (0.955, 0.054)),
        (20, "bleu_1", (0.949, 0.055)),
        (100, "bleu_4", (0.95, 0.05)),
    ],
)
def test_coverage_and_false_alarms(
    images: int, metric: str, expected: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sub-sample a population whose score is known, as the figures to compare with were made."""
    layout = BLEU if metric in BLEU.metrics else MEAN
    if layout is BLEU:  # half a million exact swaps of ten columns, 1,500 times: an afternoon
        monkeypatch.setattr(statistics, "EXACT_LIMIT", 0)
    generator = np.random.default_rng(11)
    score = layout.metrics.index(metric)
    size = 5_000
    if layout is BLEU:
        population = [bleu_rows(generator, size, skill) for skill in (0.72, 0.60)]
    else:
        population = [generator.beta(a, 4, (size, 1)) for a in (3, 2)]
    truth = layout.scores(population[0].sum(axis=0), size)[score]
    rounds, covered, alarmed = 1_500, 0, 0
    for seed in range(rounds):
        rows = generator.choice(size, images, replace=False)
        first, second = population[0][rows], population[1][rows]
        low, high = ends(first, layout, seed=seed)
        covered += low[score] <= truth <= high[score]
        # Where it is chance whose caption is called whose, there is nothing to find.
        swap = generator.random((images, 1)) < 0.5
        a, b = np.where(swap, second, first), np.where(swap, first, second)
        p = p_values(a, b, layout, trials=1_000, seed=seed)
        alarmed += p[score] <= 0.05
    assert (covered / rounds, alarmed / rounds) == pytest.approx(expected, abs=0.02)
