// hnswlib and FAISS behind the plain C of hnsw_recall_peers.h. No exception leaves this file.
#include "bench/discrete/hnsw_recall_peers.h"

#include "assay/threads.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <vector>

#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <hnswlib/hnswlib.h>
#include <omp.h>

extern "C" {
#include "bench/discrete/hnsw_recall_distance.h"
}

struct hnsw_peer {
    virtual ~hnsw_peer() = default;
    virtual void search(const float *queries, size_t n, size_t k, size_t ef, uint64_t *labels) = 0;
};

namespace
{

using Results = std::priority_queue<std::pair<float, hnswlib::labeltype>>;

void take(Results results, size_t k, uint64_t *labels)
{
    std::fill_n(labels, k, UINT64_MAX);
    for (size_t i = results.size(); i-- > 0; results.pop())
        labels[i] = results.top().second;
}

// hnswlib's space with the distances of our kernels.
class OurSpace : public hnswlib::SpaceInterface<float>
{
  public:
    OurSpace(bool squares, size_t dimension) : squares_(squares), dimension_(dimension)
    {
    }
    size_t get_data_size() override
    {
        return dimension_ * sizeof(float);
    }
    hnswlib::DISTFUNC<float> get_dist_func() override
    {
        return squares_ ? hnsw_distance_squares : hnsw_distance_product;
    }
    void *get_dist_func_param() override
    {
        return &dimension_;
    }

  private:
    bool squares_;
    size_t dimension_;
};

std::unique_ptr<hnswlib::SpaceInterface<float>> make_space(bool ours, bool squares, size_t dimension)
{
    if (ours)
        return std::make_unique<OurSpace>(squares, dimension);
    if (squares)
        return std::make_unique<hnswlib::L2Space>(dimension);
    return std::make_unique<hnswlib::InnerProductSpace>(dimension);
}

class Hnswlib : public hnsw_peer
{
  public:
    Hnswlib(bool ours, bool squares, size_t dimension, const float *x, size_t n, size_t m, size_t ef_construction)
        : space_(make_space(ours, squares, dimension)), dimension_(dimension),
          index_(space_.get(), n, m, ef_construction)
    {
        const int threads = assay_threads();
        index_.addPoint(x, 0); // the first alone, as its documentation asks
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (threads > 1)
        for (size_t i = 1; i < n; i++)
            index_.addPoint(x + i * dimension_, i);
    }
    void search(const float *queries, size_t n, size_t k, size_t ef, uint64_t *labels) override
    {
        const int threads = assay_threads();
        index_.setEf(ef);
#pragma omp parallel for num_threads(threads) schedule(dynamic, 8) if (threads > 1)
        for (size_t i = 0; i < n; i++)
            take(index_.searchKnn(queries + i * dimension_, k), k, labels + i * k);
    }

  private:
    std::unique_ptr<hnswlib::SpaceInterface<float>> space_;
    size_t dimension_;
    hnswlib::HierarchicalNSW<float> index_;
};

class HnswlibFlat : public hnsw_peer
{
  public:
    HnswlibFlat(bool squares, size_t dimension, const float *x, size_t n)
        : space_(make_space(false, squares, dimension)), dimension_(dimension), index_(space_.get(), n)
    {
        for (size_t i = 0; i < n; i++)
            index_.addPoint(x + i * dimension_, i);
    }
    void search(const float *queries, size_t n, size_t k, size_t, uint64_t *labels) override
    {
        const int threads = assay_threads();
#pragma omp parallel for num_threads(threads) if (threads > 1)
        for (size_t i = 0; i < n; i++)
            take(index_.searchKnn(queries + i * dimension_, k), k, labels + i * k);
    }

  private:
    std::unique_ptr<hnswlib::SpaceInterface<float>> space_;
    size_t dimension_;
    hnswlib::BruteforceSearch<float> index_;
};

class Faiss : public hnsw_peer
{
  public:
    Faiss(bool exact, bool squares, size_t dimension, const float *x, size_t n, size_t m, size_t ef_construction)
    {
        const auto metric = squares ? faiss::METRIC_L2 : faiss::METRIC_INNER_PRODUCT;
        const auto d = static_cast<int>(dimension);
        if (exact) {
            index_ = std::make_unique<faiss::IndexFlat>(d, metric);
        } else {
            auto graph = std::make_unique<faiss::IndexHNSWFlat>(d, static_cast<int>(m), metric);
            graph->hnsw.efConstruction = static_cast<int>(ef_construction);
            graph_ = graph.get();
            index_ = std::move(graph);
        }
        omp_set_num_threads(assay_threads());
        index_->add(static_cast<faiss::Index::idx_t>(n), x);
    }
    void search(const float *queries, size_t n, size_t k, size_t ef, uint64_t *labels) override
    {
        found_.resize(n * k);
        distances_.resize(n * k);
        if (graph_)
            graph_->hnsw.efSearch = static_cast<int>(ef);
        omp_set_num_threads(assay_threads());
        index_->search(static_cast<faiss::Index::idx_t>(n), queries, static_cast<faiss::Index::idx_t>(k),
                       distances_.data(), found_.data());
        std::transform(found_.begin(), found_.end(), labels,
                       [](faiss::Index::idx_t id) { return static_cast<uint64_t>(id); }); // -1 becomes UINT64_MAX
    }

  private:
    std::unique_ptr<faiss::Index> index_;
    faiss::IndexHNSWFlat *graph_ = nullptr;
    std::vector<faiss::Index::idx_t> found_;
    std::vector<float> distances_;
};

} // namespace

extern "C" hnsw_peer *hnsw_peer_build(hnsw_peer_kind kind, bool squares, size_t dimension, const float *x, size_t n,
                                      size_t m, size_t ef_construction)
try {
    switch (kind) {
    case HNSW_PEER_HNSWLIB:
    case HNSW_PEER_HNSWLIB_OURS:
        return std::make_unique<Hnswlib>(kind == HNSW_PEER_HNSWLIB_OURS, squares, dimension, x, n, m, ef_construction)
            .release();
    case HNSW_PEER_HNSWLIB_FLAT: return std::make_unique<HnswlibFlat>(squares, dimension, x, n).release();
    default:
        return std::make_unique<Faiss>(kind == HNSW_PEER_FAISS_FLAT, squares, dimension, x, n, m, ef_construction)
            .release();
    }
} catch (const std::exception &) {
    return nullptr;
}

extern "C" void hnsw_peer_release(hnsw_peer *peer)
{
    delete peer;
}

extern "C" assay_status hnsw_peer_search(hnsw_peer *peer, const float *queries, size_t n, size_t k, size_t ef,
                                         uint64_t *labels)
try {
    peer->search(queries, n, k, ef, labels);
    return ASSAY_OK;
} catch (const std::exception &problem) {
    return assay_fail(ASSAY_NO_MEMORY, "a peer's search: %s", problem.what());
}
