/* A qemu plugin: writes every block of straight code that a program ran, as a line of its address, how often it ran,
 * and its instructions' words. The argument to=FILE names the file.
 *
 * QEMU's header is in none of Debian's packages; what is used of its API, version 1, is declared here. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
typedef void (*translated)(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void (*ended)(qemu_plugin_id_t, void *);
extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, translated);
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, enum qemu_plugin_op, void *, uint64_t);
extern void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, ended, void *);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
extern const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);

int qemu_plugin_version = 1;

struct block {
    struct block *next;
    uint64_t address, times;
    size_t length;
    uint32_t words[];
};
static struct block *blocks;
static char *target;

static void add(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
    size_t length = qemu_plugin_tb_n_insns(tb);
    struct block *block = calloc(1, sizeof *block + 4 * length);
    block->address = qemu_plugin_tb_vaddr(tb);
    block->length = length;
    for (size_t i = 0; i < length; i++)
        memcpy(&block->words[i], qemu_plugin_insn_data(qemu_plugin_tb_get_insn(tb, i)), 4);
    /* QEMU translates from one thread at a time. */
    block->next = blocks;
    blocks = block;
    qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &block->times, 1);
}

static void write(qemu_plugin_id_t id, void *unused) {
    FILE *file = fopen(target, "w");
    for (struct block *block = blocks; block; block = block->next) {
        fprintf(file, "%" PRIx64 " %" PRIu64, block->address, block->times);
        for (size_t i = 0; i < block->length; i++) fprintf(file, " %08" PRIx32, block->words[i]);
        fputc('\n', file);
    }
    fclose(file);
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
    if (argc != 1 || strncmp(argv[0], "to=", 3)) return 1;
    target = strdup(argv[0] + 3);
    qemu_plugin_register_vcpu_tb_trans_cb(id, add);
    qemu_plugin_register_atexit_cb(id, write, NULL);
    return 0;
}
