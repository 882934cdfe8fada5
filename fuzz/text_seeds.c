/* Seeds that are text: something of everything that each target can read, and something that it must not. */
#include "fuzz/seeds.h"

#define BINARY(TEXT) TEXT, sizeof(TEXT) - 1

const fuzz_text_seed fuzz_text_seeds[] = {
    {"csv", "plain", "1,2,3\n4,5,6\n", 0},
    {"csv", "odd", "# a comment\n\n -1.5e-3 ,\t+.5, 0x1p3\r\n 7,8,9", 0},
    {"csv", "uneven", "1,2\n3\n", 0},
    {"csv", "word", "1,two\n", 0},
    {"csv", "infinite", "1e999,nan,inf\n", 0},
    {"csv", "null", BINARY("1,2\0,3\n")},
    {"csv", "nothing", "# nothing\n\n", 0},

    {"mtx", "general", "%%MatrixMarket matrix coordinate real general\n% a comment\n2 3 2\n1 1 0.5\n2 3 -1e3\n", 0},
    {"mtx", "symmetric", "%%MatrixMarket matrix coordinate integer symmetric\n2 2 2\n1 1 4\n2 1 -1\n", 0},
    {"mtx", "skew", "%%matrixmarket MATRIX Coordinate Pattern Skew-Symmetric\r\n3 3 1\r\n3 1\r\n", 0},
    {"mtx", "twice", "%%MatrixMarket matrix coordinate real general\n1 1 2\n1 1 1\n1 1 2\n", 0},
    {"mtx", "huge", "%%MatrixMarket matrix coordinate real general\n1048576 1048577 18446744073709551615\n", 0},
    {"mtx", "array", "%%MatrixMarket matrix array complex hermitian\n1 1\n1 0\n", 0},
    {"mtx", "short", "%%MatrixMarket matrix coordinate real general\n2 2 3\n1 1 1\n2 2 nan\n", 0},

    {"costs", "two", "0123456789abcdef0123456789abcdef 0x1.8p+1\nffffffffffffffff0000000000000000 0x0p+0\n", 0},
    {"costs", "cut", "0123456789abcdef0123456789abcdef 0x1.8p+1", 0},
    {"costs", "negative", "0123456789abcdef0123456789abcdef -1\n", 0},
    {"costs", "nothing", "", 0},

    {"programs", "program", "# a program\n0 x\n1 constant 0x1.9p+4\n2 divide 1 0\n3 fma 2 1 0\n4 sqrt 3\noutput 4\n",
     0},
    {"programs", "loop", "0 x\n1 add 1 1\noutput 1\n", 0},
    {"programs", "beyond", "0 x\noutput 4294967296\n", 0},
    {"programs", "code", "setup: s2 = constant(0x1p-1)\npredict: s0 = dot(v0, v1)\nlearn: v1 = scale(s2, v0)\n", 0},
    {"programs", "dag", "conv3 pool: 01 02 13 23", 0},
    {"programs", "term", "((fn x0 (* x0 x0)) (- p y))", 0},
    {"programs", "let", "(let x1 (abs p) (max x1 0x1p+0))", 0},
    {"programs", "deep", "((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((p", 0},
    {"programs", "open", "(+ p y", 0},
    {"programs", "omega", "((fn x0 (x0 x0)) (fn x0 (x0 x0)))", 0},

    {"pattern", "exact", "lmul/avx2/C1\nlmul", 0},
    {"pattern", "glob", "*l?[a-z]*/\\*/!\nlmul", 0},
    {"pattern", "stars", "a*a*a*a*a*a*a*a*b\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0},
    {"pattern", "slashes", "/////////\nlmul", 0},
    {"pattern", "near", "functoinal_hsah\nfunctional_hash", 0},

    {"regress", "changes",
     BINARY("{\"algorithm\":\"a\",\"implementation\":\"b\",\"check\":\"c\",\"kind\":\"oracle\",\"verdict\":\"pass\","
            "\"measured\":0.5}\n{\"check\":\"d\",\"verdict\":\"fail\"}\n\0"
            "{\"algorithm\":\"a\",\"implementation\":\"b\",\"check\":\"c\",\"kind\":\"oracle\",\"verdict\":\"pass\","
            "\"measured\":0.75}\n{\"check\":\"e\",\"verdict\":\"fail\"}\n")},
    {"regress", "kinds",
     BINARY("{\"check\":\"c\",\"verdict\":\"reproduced\",\"measured\":null}\n\0"
            "{\"check\":\"c\",\"verdict\":\"not reproduced\",\"measured\":\"x\"}\n[1]\n\"check\"\n{\"check\":[]}\n")},
    {"regress", "nothing", BINARY("\n{}\n\0[[[[[[[[")},

    {"arguments", "nothing", "", 0},
    {"arguments", "help", "help\nverify", 0},
    {"arguments", "options-help", "bench\n--help", 0},
    {"arguments", "usage", "regress\n--usage", 0},
    {"arguments", "version", "list\n--version", 0},
    {"arguments", "unknown", "verfiy", 0},
    {"arguments", "list", "list\n--format=json\nsample/*", 0},
    {"arguments", "list-csv", "list\n--format\ncsv", 0},
    {"arguments", "verify",
     "verify\n--quick\n--seed=7\n--shard\n2/3\n--threads=1\n--cpu=reference\n--no-db\n--db=x.db\n--format=junit\n*/*/"
     "sum",
     0},
    {"arguments", "verify-full", "verify\n--full\n--fresh\n--data=/etc/passwd\nsample", 0},
    {"arguments", "contradiction", "verify\n--quick\n--exhaustive", 0},
    {"arguments", "bench",
     "bench\n--repetitions=9\n--seconds=0.5\n--no-counters\n--no-limits\n--benchmark-json=x\n--format=csv\nsample/*/"
     "uniform/16",
     0},
    {"arguments", "untimed", "bench\n--untimed=3\n--quick\nsample", 0},
    {"arguments", "report", "report\n--db\nx\n-o\nfolder\n--claims=y", 0},
    {"arguments", "report-wrong", "report\n-o", 0},
    {"arguments", "regress",
     "regress\n--base=HEAD\n--threshold=3%\n--budget=1e3\n--patience\n0.5\n--reference\n--all-sizes\n--no-accuracy\n"
     "--no-timing\n--instructions\n--seed=1\n--format=markdown\nsample",
     0},
    {"arguments", "merge", "merge\na.db\nb.db\n-o\nc.db", 0},
    {"arguments", "history",
     "history\n--check\n--all\n--threshold=3%\n--rate=0.01\n--recent=5\n--confirm=1\n--last=20\n--relative\n--format="
     "csv",
     0},
    {"arguments", "history-wrong", "history\n--recent=1\n--confirm=2\n--threshold=nan", 0},
    {"arguments", "limits", "limits\n--quick\n--threads\n2\n--format=csv", 0},
    {"arguments", "new", "new\nvector_sum\n--family\narithmetic", 0},
    {"arguments", "new-wrong", "new\nassay\n-f\n../x\n-C\n.", 0},
    {"arguments", "ranks", "ranks\nnothing", 0},
    {"arguments", "wrong-numbers", "bench\n--seed=18446744073709551616\n--threads=-1\n--shard=0/0\n--seconds=nan", 0},
    {"arguments", "mistyped", "verify\n--thread=2\n--sed=3", 0},
    {"arguments", "short", "report\n-x\n-ofolder", 0},
    {"arguments", "end", "verify\n--\n--quick\n-", 0},
    {NULL, NULL, NULL, 0}};
