/* local_lipschitz: the lines between which a nonlinear function is caught, on an interval. */
#include "reference/networks/local_lipschitz_parts.h"

#include <math.h>

lipschitz_lines lipschitz_relu_lines(double low, double high, local_lipschitz_forward how)
{
    if (low >= 0)
        return (lipschitz_lines){1, 0, 1, 0};
    if (high <= 0)
        return (lipschitz_lines){0, 0, 0, 0};
    const double chord = high / (high - low);
    const bool steep = how == LOCAL_LIPSCHITZ_CROWN && high + low > LIPSCHITZ_MARGIN * (high - low);
    return (lipschitz_lines){steep, 0, chord, -chord * low};
}

static lipschitz_lines constants(double low, double high)
{
    return (lipschitz_lines){0, low, 0, high};
}

lipschitz_lines lipschitz_product_lines(int sign, double low, double high, local_lipschitz_method method,
                                        bool strict_code)
{
    const bool crossing = low < 0 && high > 0;
    if (sign == LIPSCHITZ_INACTIVE)
        return constants(0, 0);
    if (method == LOCAL_LIPSCHITZ_INTERVAL)
        return sign == LIPSCHITZ_ACTIVE ? constants(low, high) : constants(fmin(low, 0), fmax(high, 0));
    if (method == LOCAL_LIPSCHITZ_RECURJAC && crossing && (sign == LIPSCHITZ_UNSTABLE || strict_code))
        return constants(low, high);
    if (sign == LIPSCHITZ_ACTIVE)
        return (lipschitz_lines){1, 0, 1, 0};
    if (low >= 0)
        return (lipschitz_lines){0, 0, 1, 0}; /* 0 <= y <= g */
    if (high <= 0)
        return (lipschitz_lines){1, 0, 0, 0}; /* g <= y <= 0 */
    /* low (high - g) / (high - low) <= y <= high (g - low) / (high - low) */
    const double width = high - low, intercept = -low / width * high;
    return (lipschitz_lines){-low / width, -intercept, high / width, intercept};
}

lipschitz_lines lipschitz_norm_lines(double low, double high, local_lipschitz_method method, bool euclidean)
{
    const double most = fmax(-low, high);
    const bool crossing = low < 0 && high > 0;
    if (method == LOCAL_LIPSCHITZ_INTERVAL || (method == LOCAL_LIPSCHITZ_RECURJAC && crossing))
        return constants(0, euclidean ? most * most : most);
    if (euclidean)
        return (lipschitz_lines){0, 0, low + high, -low * high}; /* (v - low)(v - high) <= 0 */
    if (!crossing)
        return (lipschitz_lines){0, 0, low >= 0 ? 1 : -1, 0};
    const double width = high - low;
    return (lipschitz_lines){0, 0, (high + low) / width, -2 * low / width * high};
}
