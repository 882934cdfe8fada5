// std::unordered_map as a cache of keys.
#include "bench/arithmetic/functional_hash_peers.h"

#include <unordered_map>

namespace
{

struct first_word {
    size_t operator()(const functional_hash_key &key) const
    {
        return key.word[0];
    }
};

struct same {
    bool operator()(const functional_hash_key &a, const functional_hash_key &b) const
    {
        return a.word[0] == b.word[0] && a.word[1] == b.word[1];
    }
};

} // namespace

struct functional_hash_peer_map {
    std::unordered_map<functional_hash_key, double, first_word, same> table;
};

extern "C" functional_hash_peer_map *functional_hash_peer_map_create(const functional_hash_key *keys, size_t count)
{
    auto *map = new functional_hash_peer_map;
    map->table.max_load_factor(0.5f);
    map->table.reserve(count);
    for (size_t i = 0; i < count; i++)
        map->table.emplace(keys[i], static_cast<double>(i));
    return map;
}

extern "C" void functional_hash_peer_map_find(const functional_hash_peer_map *map, const functional_hash_key *keys,
                                              size_t count, double *outputs)
{
    for (size_t i = 0; i < count; i++) {
        const auto found = map->table.find(keys[i]);
        outputs[i] = found != map->table.end() ? found->second : 0;
    }
}

extern "C" void functional_hash_peer_map_destroy(functional_hash_peer_map *map)
{
    delete map;
}
