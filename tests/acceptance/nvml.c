/* A management library of the tests' own, with the functions that nvidia-ml-py asks for: GPUs of
 * 80 GiB as the file in TEST_GPUS says, one a line: MiB in use, then pid:MiB for each process. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OK = 0, NOT_FOUND = 6, TOO_SMALL = 7, UNKNOWN = 999, MOST = 16, LINE = 1024 };
static const unsigned long long MIB = 1ULL << 20, TOTAL = 80ULL << 30;

struct memory { unsigned long long total, free, used; };
struct process { unsigned pid; unsigned long long used; unsigned gpu_instance, compute_instance; };

static int lines(char found[MOST][LINE]) {
  const char *path = getenv("TEST_GPUS");
  FILE *file = path ? fopen(path, "r") : NULL;
  int count = 0;
  if (!file) return -1;
  while (count < MOST && fgets(found[count], LINE, file)) count++;
  fclose(file);
  return count;
}

static int line_of(void *device, char *line) {
  static char found[MOST][LINE];
  int index = (int)(size_t)device - 1;
  if (index >= lines(found)) return UNKNOWN;
  strcpy(line, found[index]);
  return strncmp(line, "lost", 4) ? OK : UNKNOWN;
}

int nvmlInitWithFlags(unsigned flags) {
  char found[MOST][LINE];
  (void)flags;
  return lines(found) < 0 ? 9 /* driver not loaded */ : OK;
}
int nvmlInit_v2(void) { return nvmlInitWithFlags(0); }
int nvmlShutdown(void) { return OK; }

int nvmlDeviceGetCount_v2(unsigned *count) {
  char found[MOST][LINE];
  *count = (unsigned)lines(found);
  return OK;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
  *device = (void *)(size_t)(index + 1);
  return OK;
}

int nvmlDeviceGetUUID(void *device, char *uuid, unsigned size) {
  snprintf(uuid, size, "GPU-%zu000-test", (size_t)device - 1);
  return OK;
}

int nvmlDeviceGetName(void *device, char *name, unsigned size) {
  (void)device;
  snprintf(name, size, "Test GPU");
  return OK;
}

int nvmlDeviceGetMemoryInfo(void *device, struct memory *memory) {
  char line[LINE];
  int code = line_of(device, line);
  if (code != OK) return code;
  memory->total = TOTAL;
  memory->used = strtoull(line, NULL, 10) * MIB;
  memory->free = TOTAL - memory->used;
  return OK;
}

int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *count, struct process *found) {
  char line[LINE], *rest = line, *word;
  unsigned number = 0;
  int code = line_of(device, line);
  if (code != OK) return code;
  strtok_r(line, " \n", &rest);
  while ((word = strtok_r(NULL, " \n", &rest))) {
    if (found && number < *count) {
      found[number].pid = (unsigned)strtoul(word, &word, 10);
      found[number].used = strtoull(word + 1, NULL, 10) * MIB;
    }
    number++;
  }
  code = found || !number ? OK : TOO_SMALL;
  *count = number;
  return code;
}
