/* A libnvidia-ml.so.1 without a driver: the real pynvml loads it, and the scenario named by
 * F1CAP_TEST_NVML decides what each question is answered; a process may change it as it runs.
 *
 * Only the symbols that pynvml calls for f1cap are here, under the versioned names that it uses.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SUCCESS = 0,
    UNINITIALIZED = 1,
    INVALID_ARGUMENT = 2,
    NOT_SUPPORTED = 3,
    NOT_FOUND = 6,
    INSUFFICIENT_SIZE = 7,
    GPU_IS_LOST = 15,
    VERSION_MISMATCH = 18,
    UNKNOWN = 999,
};

#define MIB (1024ULL * 1024ULL)
#define NOT_AVAILABLE (~0ULL)

typedef unsigned long long u64;

typedef struct {
    const char *uuid, *name;
    int major, minor;
    u64 total, used;
    int has_power, has_energy, knows_processes, slices;
    const char *slice_uuid;
} card_t;

typedef struct { u64 total, free, used; } memory_t;
typedef struct { unsigned gpu, memory; } utilization_t;
typedef struct { unsigned version, sensor; int celsius; } temperature_t;
typedef struct { unsigned pid; u64 used; unsigned gpu_instance, compute_instance; } process_t;

static card_t h100 = {"GPU-aaaa-1111", "NVIDIA H100", 9, 0, 81559 * MIB, 2048 * MIB, 1, 1, 1, 0, 0};
static card_t twin = {"GPU-bbbb-2222", "NVIDIA H100", 9, 0, 81559 * MIB, 512 * MIB, 1, 1, 1, 0, 0};
static card_t gtx1050 = {"GPU-cccc-3333", "NVIDIA GeForce GTX 1050", 6, 1, 4096 * MIB, 300 * MIB, 0, 0, 1, 0, 0};
static card_t wddm = {"GPU-dddd-4444", "NVIDIA GeForce RTX 3060", 8, 6, 12288 * MIB, 900 * MIB, 1, 1, 0, 0, 0};
static card_t divided = {"GPU-eeee-5555", "NVIDIA A100", 8, 0, 40536 * MIB, 0, 1, 1, 1, 3, "MIG-ffff-6666"};
static card_t slice = {"MIG-ffff-6666", "NVIDIA A100 MIG 1g.5gb", 8, 0, 4864 * MIB, 64 * MIB, 0, 0, 1, 0, 0};
static card_t gt710 = {"GPU-9999-7777", "NVIDIA GeForce GT 710", 3, 5, 2048 * MIB, 100 * MIB, 0, 0, 1, 0, 0};
static card_t gb10 = {"GPU-abab-1212", "NVIDIA GB10", 12, 1, 0, 0, 1, 0, 1, 0, 0};
static card_t garbled = {"GPU-\xff\xfe", "\xff\xfe", 7, 5, 8192 * MIB, 0, 1, 1, 1, 0, 0};

static int started = 0;

static int scenario(const char *name) {
    const char *chosen = getenv("F1CAP_TEST_NVML");
    return chosen != NULL && strcmp(chosen, name) == 0;
}

static unsigned cards(card_t **found) {
    if (scenario("none")) return 0;
    if (scenario("two") || scenario("lost")) { found[0] = &h100; found[1] = &twin; return 2; }
    if (scenario("unlike")) { found[0] = &gtx1050; found[1] = &h100; return 2; }
    if (scenario("gt710")) { found[0] = &gt710; return 1; }
    if (scenario("ancient")) { found[0] = &gt710; found[1] = &h100; return 2; }
    if (scenario("gb10") || scenario("zero")) { found[0] = &gb10; return 1; }
    if (scenario("mig")) { found[0] = &divided; return 1; }
    if (scenario("gtx1050")) { found[0] = &gtx1050; return 1; }
    if (scenario("wddm")) { found[0] = &wddm; return 1; }
    if (scenario("garbled")) { found[0] = &garbled; return 1; }
    found[0] = &h100;
    return 1;
}

/* What is wrong with any question to a card. */
static int refusal(card_t *card) {
    if (!started) return UNINITIALIZED;
    if (card == NULL) return INVALID_ARGUMENT;
    if (scenario("lost") && card == &h100) return GPU_IS_LOST;
    if (scenario("fails")) return UNKNOWN;
    if (scenario("gone")) return GPU_IS_LOST;
    return SUCCESS;
}

int nvmlInitWithFlags(unsigned flags) {
    (void)flags;
    if (scenario("mismatch")) return VERSION_MISMATCH;
    started++;
    return SUCCESS;
}

int nvmlShutdown(void) {
    if (!started) return UNINITIALIZED;
    started--;
    if (getenv("F1CAP_TEST_NVML_TELL") != NULL) fprintf(stderr, "shut down, %d open\n", started);
    return SUCCESS;
}

const char *nvmlErrorString(int code) {
    (void)code;
    return "an error without a name";
}

int nvmlSystemGetDriverVersion(char *version, unsigned length) {
    snprintf(version, length, "580.95.05");
    return SUCCESS;
}

int nvmlSystemGetCudaDriverVersion_v2(int *version) {
    *version = 12080;
    return SUCCESS;
}

int nvmlDeviceGetCount_v2(unsigned *count) {
    card_t *found[2];
    *count = scenario("absurd") ? 4000000000U : cards(found);
    return SUCCESS;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, card_t **card) {
    card_t *found[2];
    if (index >= cards(found)) return INVALID_ARGUMENT;
    *card = found[index];
    return scenario("lost") && index == 0 ? GPU_IS_LOST : SUCCESS;
}

int nvmlDeviceGetHandleByUUID(const char *uuid, card_t **card) {
    card_t *found[2];
    unsigned count = cards(found);
    if (scenario("mig") && strcmp(uuid, slice.uuid) == 0) { *card = &slice; return SUCCESS; }
    for (unsigned index = 0; index < count; index++)
        if (strcmp(uuid, found[index]->uuid) == 0) { *card = found[index]; return refusal(*card); }
    return NOT_FOUND;
}

int nvmlDeviceGetUUID(card_t *card, char *uuid, unsigned length) {
    int refused = refusal(card);
    if (!refused) snprintf(uuid, length, "%s", card->uuid);
    return refused;
}

int nvmlDeviceGetName(card_t *card, char *name, unsigned length) {
    int refused = refusal(card);
    if (!refused) snprintf(name, length, "%s", card->name);
    return refused;
}

int nvmlDeviceGetCudaComputeCapability(card_t *card, int *major, int *minor) {
    int refused = refusal(card);
    if (!refused) { *major = card->major; *minor = card->minor; }
    return refused;
}

int nvmlDeviceGetMemoryInfo(card_t *card, memory_t *memory) {
    int refused = refusal(card);
    if (!refused && scenario("gb10")) return NOT_SUPPORTED;
    if (!refused) *memory = (memory_t){card->total, card->total - card->used, card->used};
    return refused;
}

int nvmlDeviceGetUtilizationRates(card_t *card, utilization_t *rates) {
    int refused = refusal(card);
    if (!refused && card->slices) return NOT_SUPPORTED;
    if (!refused) *rates = (utilization_t){37, 12};
    return refused;
}

/* The old question, which every driver knows ... */
int nvmlDeviceGetTemperature(card_t *card, unsigned sensor, unsigned *celsius) {
    int refused = refusal(card);
    (void)sensor;
    if (!refused) *celsius = 51;
    return refused;
}

#ifndef OLD_DRIVER
/* ... and the new ones. */
int nvmlDeviceGetTemperatureV(card_t *card, temperature_t *temperature) {
    int refused = refusal(card);
    if (!refused) temperature->celsius = 52;
    return refused;
}

int nvmlDeviceGetCurrentClocksEventReasons(card_t *card, u64 *bits) {
    int refused = refusal(card);
    if (!refused) *bits = card->has_power ? 0x24 : 0;
    return refused;
}

int nvmlDeviceGetComputeRunningProcesses_v3(card_t *card, unsigned *count, process_t *processes) {
    int refused = refusal(card);
    unsigned room = *count;
    const char *pid = getenv("F1CAP_TEST_NVML_PID");
    if (refused) return refused;
    if (scenario("idle")) { *count = 0; return SUCCESS; }
    *count = 3;
    if (room < 3) return INSUFFICIENT_SIZE;
    processes[0] = (process_t){4242, 300 * MIB, 0, 0};
    processes[1] = (process_t){pid ? (unsigned)atoi(pid) : 1, 1000 * MIB, 0, 0};
    processes[2] = (process_t){pid ? (unsigned)atoi(pid) : 1, 24 * MIB, 0, 0};
    if (!card->knows_processes) processes[0].used = processes[1].used = processes[2].used = NOT_AVAILABLE;
    return SUCCESS;
}
#endif

int nvmlDeviceGetCurrentClocksThrottleReasons(card_t *card, u64 *bits) {
    int refused = refusal(card);
    if (!refused) *bits = 0x1;
    return refused;
}

int nvmlDeviceGetPowerUsage(card_t *card, unsigned *milliwatts) {
    int refused = refusal(card);
    if (!refused && !card->has_power) return NOT_SUPPORTED;
    if (!refused) *milliwatts = 68250;
    return refused;
}

int nvmlDeviceGetTotalEnergyConsumption(card_t *card, u64 *millijoules) {
    int refused = refusal(card);
    if (!refused && !card->has_energy) return NOT_SUPPORTED;
    if (!refused) *millijoules = 123456789;
    return refused;
}

int nvmlDeviceGetClockInfo(card_t *card, unsigned kind, unsigned *megahertz) {
    int refused = refusal(card);
    if (!refused) *megahertz = kind == 1 ? 1980 : 2619;
    return refused;
}

int nvmlDeviceGetMigMode(card_t *card, unsigned *current, unsigned *pending) {
    int refused = refusal(card);
    if (!refused && card->major < 8) return NOT_SUPPORTED;
    if (!refused) *current = *pending = card->slices > 0;
    return refused;
}

int nvmlDeviceGetMaxMigDeviceCount(card_t *card, unsigned *count) {
    int refused = refusal(card);
    if (!refused) *count = (unsigned)card->slices;
    return refused;
}

/* Of three places, the second is taken. */
int nvmlDeviceGetMigDeviceHandleByIndex(card_t *card, unsigned index, card_t **part) {
    int refused = refusal(card);
    if (!refused && index != 1) return NOT_FOUND;
    if (!refused) *part = &slice;
    return refused;
}
