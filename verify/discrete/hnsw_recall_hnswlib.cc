// hnswlib without its own vectorisation, in a namespace of its own: the peer of the benchmarks is compiled otherwise.
#define NO_MANUAL_VECTORIZATION
#define hnswlib hnswlib_scalar
#include <hnswlib/hnswlib.h>

#include "verify/discrete/hnsw_recall_hnswlib.h"

#include <algorithm>
#include <exception>
#include <memory>

struct hnsw_oracle {
    std::unique_ptr<hnswlib::SpaceInterface<float>> space;
    std::unique_ptr<hnswlib::HierarchicalNSW<float>> index;
};

extern "C" hnsw_oracle *hnsw_oracle_build(bool squares, size_t dimension, const float *x, size_t n, size_t m,
                                          size_t ef_construction, size_t seed)
try {
    auto oracle = std::make_unique<hnsw_oracle>();
    if (squares)
        oracle->space = std::make_unique<hnswlib::L2Space>(dimension);
    else
        oracle->space = std::make_unique<hnswlib::InnerProductSpace>(dimension);
    oracle->index = std::make_unique<hnswlib::HierarchicalNSW<float>>(oracle->space.get(), n, m, ef_construction, seed);
    for (size_t i = 0; i < n; i++)
        oracle->index->addPoint(x + i * dimension, i);
    return oracle.release();
} catch (const std::exception &) {
    return nullptr;
}

extern "C" void hnsw_oracle_release(hnsw_oracle *oracle)
{
    delete oracle;
}

extern "C" int hnsw_oracle_level(const hnsw_oracle *oracle, size_t id)
{
    return oracle->index->element_levels_[id];
}

extern "C" size_t hnsw_oracle_entry(const hnsw_oracle *oracle)
{
    return oracle->index->enterpoint_node_;
}

extern "C" size_t hnsw_oracle_list(const hnsw_oracle *oracle, size_t id, int level, uint32_t *ids)
{
    auto *list = oracle->index->get_linklist_at_level(static_cast<hnswlib::tableint>(id), level);
    const size_t count = oracle->index->getListCount(list);
    std::copy_n(list + 1, count, ids);
    return count;
}

extern "C" size_t hnsw_oracle_search(hnsw_oracle *oracle, const float *query, size_t k, size_t ef, uint64_t *labels,
                                     float *distances)
try {
    oracle->index->setEf(ef);
    auto found = oracle->index->searchKnn(query, k);
    const size_t count = found.size();
    for (size_t i = count; i-- > 0; found.pop()) {
        labels[i] = found.top().second;
        distances[i] = found.top().first;
    }
    return count;
} catch (const std::exception &) {
    return 0;
}
