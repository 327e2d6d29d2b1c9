"""Right answers that look different from the solution, by the exercise they belong to."""

RIGHT_ANSWERS = {
    "unit_patch": [
        """
        import numpy as np
        def f(row, column, size, jump, first_center):
            center = first_center + jump * np.array([row, column])
            top, left = np.floor(center - (size - 1) / 2).astype(int)
            return np.int64(top), np.int64(left), top + size, left + size
        """,
    ],
    "receptive_field": [
        """
        def f(layers):
            size = 1
            for kernel, stride in reversed(layers):  # from the unit down to the image
                size = (size - 1) * stride + kernel
            return [size, torch.tensor([s for _, s in layers]).prod()]
        """
    ],
    "activation_loss": ["f = lambda features, channel: features[0, channel].mean().neg()"],
    "content_loss": [
        """
        def f(F, P):
            total = torch.zeros(1)
            for c in range(F.shape[1]):
                total = total + (F[0, c] - P[0, c]).square().sum()
            return total / F.numel()
        """,
        """
        def f(F, P):
            return torch.nn.functional.pairwise_distance(F.flatten(), P.flatten()) ** 2 / F.numel()
        """,
        "f = torch.nn.functional.mse_loss",
        "f = torch.nn.MSELoss()",
    ],
    "content_gradient": [
        """
        def f(features, target):
            features = features.clone().requires_grad_(True)
            loss = ((features.relu() - target) ** 2).sum() / 2
            return torch.autograd.grad(loss, features)[0]
        """
    ],
    "invert_features": [
        """
        def f(extract, content, start, steps, step_size):
            target = extract(content).detach()
            image = start.clone().requires_grad_()
            optimizer = torch.optim.SGD([image], lr=step_size)
            for _ in range(steps):
                optimizer.zero_grad()
                torch.nn.functional.mse_loss(extract(image), target).backward()
                optimizer.step()
            return image
        """,
        """
        def f(extract, content, start, steps, step_size):
            target, image = extract(content), start
            for _ in range(steps):
                image = image.detach().requires_grad_()
                loss = (extract(image) - target).square().mean()
                image = image - step_size * torch.autograd.grad(loss, image)[0]
            return image
        """,
    ],
    "gram_matrix": [
        """
        class Gram(torch.nn.Module):
            def forward(self, x):
                flat = x.view(x.size(0), x.size(1), -1)
                return torch.bmm(flat, flat.transpose(1, 2)).div(flat.size(2))


        f = Gram()
        """,
        """
        def f(*, features):
            flat = features.double().flatten(2)
            return (flat @ flat.mT / flat.shape[-1]).to(features.dtype)
        """,
        """
        @torch.compile
        def f(x):
            flat = x.flatten(2)
            return torch.matmul(flat, flat.permute(0, 2, 1)) / flat.shape[2]
        """,
        "f = lambda F: torch.einsum('bihw,bjhw->bij', F, F) / F[0, 0].numel()",
        """
        def f(features):
            grams = []
            for maps in features:
                flat = maps.permute(1, 2, 0).reshape(-1, len(maps))
                grams.append(flat.T @ flat / len(flat))
            return torch.stack(grams)
        """,
        """
        def f(features):
            b, c, h, w = features.size()
            gram = torch.zeros(b, c, c, dtype=features.dtype)
            for i in range(c):
                for j in range(c):
                    gram[:, i, j] = (features[:, i] * features[:, j]).mean((1, 2))
            return gram
        """,
    ],
    "style_loss": ["f = lambda G, A: (G - A).square().sum() / G.shape[1] ** 2"],
    "mended_style_loss": [
        """
        def f(raw_gram, raw_style_gram, height, width):
            channels = raw_gram.shape[1]
            difference = ((raw_gram - raw_style_gram) ** 2).sum()
            return 1 / 4 / channels**2 / (height * width) ** 2 * difference
        """
    ],
    "convert_weight": ["f = lambda weight, channels, positions: weight / channels / channels"],
    "shuffle_positions": ["f = lambda x, order: x.flatten(2).index_select(2, order).view_as(x)"],
    "weighted_style_loss": [
        """
        def f(grams, style_grams, weights):
            losses = [weights.get(l, 0) * (grams[l] - style_grams[l]).pow(2).mean() for l in grams]
            return torch.stack(losses).sum()
        """,
        "f = lambda G, A, w: sum(w[l] * torch.nn.functional.mse_loss(G[l], A[l]) for l in w)",
    ],
    "layer_shares": [
        """
        def f(losses, weights):
            total = 0
            for layer in weights:
                total += weights[layer] * losses[layer]
            return {layer: weights[layer] * losses[layer] / total for layer in weights}
        """
    ],
    "equal_gradient_weights": [
        """
        def f(losses, image):
            weights = {}
            for layer, loss in losses.items():
                image.grad = None
                loss.backward(retain_graph=True)
                weights[layer] = 1 / image.grad.norm()
            total = sum(weights.values())
            return {layer: weight / total for layer, weight in weights.items()}
        """
    ],
    "total_loss": [
        """
        def f(features, content_features, style_grams, style_layers, alpha, beta):
            total = torch.zeros(1)
            for layer in features:
                if layer in content_features:
                    target = content_features[layer]
                    total = total + alpha * nst.content_loss(features[layer], target)
                if style_layers.get(layer, 0):
                    gram = nst.gram_matrix(features[layer])
                    total += beta * style_layers[layer] * nst.style_loss(gram, style_grams[layer])
            return total
        """,
        """
        def f(features, content_features, style_grams, style_layers, alpha, beta):
            loss = 0
            for l, target in content_features.items():
                loss += alpha * nst.content_loss(features[l], target)
            for l, w in style_layers.items():
                loss += beta * w * nst.style_loss(nst.gram_matrix(features[l]), style_grams[l])
            return loss
        """,
    ],
    "total_variation": [
        """
        def f(img):
            total = 0
            for channel in range(3):
                red = img[0, channel]
                total = total + (red[1:] - red[:-1]).pow(2).mean()
                total = total + (red[:, 1:] - red[:, :-1]).pow(2).mean()
            return total / 3
        """,
        """
        def f(img):
            kernel = torch.tensor([[-1.0, 1.0]]).to(img)
            planes = img.transpose(0, 1)
            across = torch.nn.functional.conv2d(planes, kernel[None, None])
            down = torch.nn.functional.conv2d(planes, kernel.T[None, None])
            return (across**2).mean() + (down**2).mean()
        """,
        "f = lambda image: image.diff(dim=2).square().mean() + image.diff(dim=3).square().mean()",
    ],
    "initial_image": [
        """
        def f(content, init, generator):
            start = content if init == "content" else torch.empty_like(content).uniform_(
                0, 1, generator=generator)
            return start.detach().clone().requires_grad_()
        """
    ],
    "optimization_step": [
        """
        def f(image, objective, optimizer):
            losses = []

            def closure():
                image.grad = None
                losses.append(objective(image))
                losses[-1].backward()
                return losses[-1]

            optimizer.step(closure)
            return losses[0].item(), image.detach().clone().clamp_(0, 1)
        """
    ],
    "mended_loop": [
        """
        def f(image, objective, optimizer, steps):
            def closure():
                image.grad = None
                loss = objective(image)
                loss.backward()
                return loss

            while steps:
                optimizer.step(closure)
                steps -= 1
            return torch.clamp(image.detach(), min=0, max=1)
        """
    ],
    "network_input": [
        "f = lambda image, mean: image[:, [2, 1, 0]] * 255 - mean[None, :, None, None]",
        """
        def f(image, mean):
            red, green, blue = image.unbind(1)
            return torch.stack([255 * c - m for c, m in zip((blue, green, red), mean)], 1)
        """,
    ],
    "layer_name": [
        """
        def f(kinds, index):
            before = kinds[:index + 1]
            pools = [n for n, kind in enumerate(before) if kind == "pool"]
            start = pools[-1] if pools else 0
            return "%s%d_%d" % (kinds[index], 1 + len(pools), before[start:].count("conv"))
        """
    ],
    "guarded_run": [
        """
        def f(image, step, count):
            seen = []
            for _ in range(count):
                loss, after = step(image)
                if loss.isnan() or loss.isinf() or (seen and loss > 10 * seen[0][0]):
                    break
                seen.append((loss, image))
                image = after
            return min(seen, key=lambda pair: pair[0])[1] if seen else image
        """
    ],
    "mixed_gram": [
        "f = lambda grams, w: sum(a / sum(w) * g for a, g in zip(w, grams))",
        """
        def f(grams, weights):
            w = torch.tensor(weights, dtype=grams[0].dtype)
            return torch.einsum('k,kbij->bij', w / w.sum(), torch.stack(grams))
        """,
    ],
    "mixed_covariance": [
        """
        def f(covariances, means, weights):
            w = torch.tensor(weights, dtype=means[0].dtype)
            m, c = torch.stack(means), torch.stack(covariances)
            mean = w @ m
            centered = m - mean
            return (w[:, None, None] * c).sum(0) + centered.T @ (w[:, None] * centered)
        """,
    ],
    "sliced_wasserstein": [
        """
        def f(x, y, directions):
            total = 0
            for d in directions:
                d = torch.nn.functional.normalize(d, dim=0)
                a = torch.einsum('c,bchw->bhw', d, x).flatten().sort()[0]
                b = torch.einsum('c,bchw->bhw', d, y).flatten().sort()[0]
                if len(a) != len(b):
                    b = torch.nn.functional.interpolate(b[None, None], len(a), mode="linear")[0, 0]
                total = total + torch.nn.functional.mse_loss(a, b)
            return total / len(directions)
        """,
        """
        def f(x, y, directions):
            unit = torch.nn.functional.normalize(directions)
            a, b = ((unit @ z.flatten(2)).sort(-1, descending=True).values for z in (x, y))
            b = torch.nn.functional.interpolate(b, a.shape[-1], mode="linear", align_corners=False)
            return (a - b).pow(2).mean()
        """,
    ],
    "color_matching": [
        """
        def f(image, like):
            x, y = (z[0].permute(1, 2, 0).reshape(-1, 3).double() for z in (image, like))
            a, b = x - x.mean(0), y - y.mean(0)
            l1 = torch.linalg.cholesky(a.T @ a / len(a))
            l2 = torch.linalg.cholesky(b.T @ b / len(b))
            z = torch.linalg.solve(l1, a.T)
            out = (l2 @ z).T + y.mean(0)
            return out.reshape(*image.shape[2:], 3).permute(2, 0, 1)[None].to(image.dtype)
        """,
    ],
    "luminance_transfer": [
        """
        def f(photograph, painted):
            d = painted - photograph
            return photograph + 0.299 * d[:, 0:1] + 0.587 * d[:, 1:2] + 0.114 * d[:, 2:3]
        """,
        """
        def f(photograph, painted):
            w = torch.tensor([0.299, 0.587, 0.114], dtype=photograph.dtype)
            y = lambda image: torch.einsum("c,bchw->bhw", w, image).unsqueeze(1)
            return torch.cat([c - y(photograph) + y(painted) for c in photograph.split(1, 1)], 1)
        """,
    ],
    "guided_gram": [
        """
        def f(features, mask):
            k = mask.shape[0] // features.shape[2], mask.shape[1] // features.shape[3]
            m = torch.nn.functional.avg_pool2d(mask[None, None], k)
            g = torch.einsum("bihw,bjhw,bkhw->bij", features, features, m)
            return g / m.sum()
        """,
        """
        def f(features, mask):
            m = torch.nn.functional.adaptive_avg_pool2d(mask[None, None], features.shape[2:])
            x = (features * (m / m.mean()).sqrt()).flatten(2)
            return torch.bmm(x, x.transpose(1, 2)) / x.shape[2]
        """,
    ],
    "training_step": [
        """
        def f(network, photographs, describe, target_gram, style_weight, optimizer):
            network.train()
            optimizer.zero_grad()
            features, grams = describe(network(photographs))
            mse = torch.nn.functional.mse_loss
            content = mse(features, describe(photographs)[0].detach())
            loss = content + style_weight * mse(grams, target_gram.expand_as(grams))
            loss.backward()
            optimizer.step()
            return float(loss)
        """,
        """
        def f(network, photographs, describe, target_gram, style_weight, optimizer):
            paintings = network.train()(photographs)
            F, G = describe(paintings)
            P, _ = describe(photographs)
            total = ((F - P) ** 2).mean() + style_weight * ((G - target_gram) ** 2).mean()
            for parameter in network.parameters():
                parameter.grad = None
            total.backward()
            optimizer.step()
            return total.item()
        """,
    ],
    "instance_norm": [
        "f = lambda x, g, b: torch.nn.functional.instance_norm(x, weight=g, bias=b)",
        """
        def f(x, gamma, beta):
            rows = x.flatten(2)
            var, mean = torch.var_mean(rows, dim=2, correction=0, keepdim=True)
            y = (rows - mean) * torch.rsqrt(var + 1e-5)
            return (gamma[:, None] * y + beta[:, None]).view_as(x)
        """,
        """
        def f(x, gamma, beta):
            images = []
            for image in x:
                m = image.mean((1, 2), keepdim=True)
                s = (image.var((1, 2), unbiased=False, keepdim=True) + 1e-5) ** 0.5
                images.append((image - m) / s * gamma[:, None, None] + beta[:, None, None])
            return torch.stack(images)
        """,
    ],
    "style_parameters": [
        """
        def f(gammas, betas, mix):
            both = [torch.einsum("bs,sc->bc", mix, rows) for rows in (gammas, betas)]
            return tuple(rows[..., None, None] for rows in both)
        """,
        """
        def f(gammas, betas, mix):
            w = mix[:, :, None]
            gamma, beta = (w * gammas).sum(1), (w * betas).sum(1)
            return gamma.unsqueeze(-1).unsqueeze(-1), beta.view(*beta.shape, 1, 1)
        """,
    ],
    "adain": [
        """
        def f(x, y):
            s = (x.var((2, 3), correction=0, keepdim=True) + 1e-5).sqrt()
            t = (y.var((2, 3), correction=0, keepdim=True) + 1e-5).sqrt()
            return t * (x - x.mean((2, 3), keepdim=True)) / s + y.mean((2, 3), keepdim=True)
        """,
        """
        def f(x, y):
            v, m = torch.var_mean(y.flatten(2), dim=2, correction=0)
            return torch.nn.functional.instance_norm(x, weight=(v[0] + 1e-5).sqrt(), bias=m[0])
        """,
    ],
    "matched_histogram": [
        "f = lambda values, target: target.sort().values[values.argsort().argsort()]",
        """
        def f(values, target):
            ranks = (values[None, :] < values[:, None]).sum(1)
            return torch.stack([target.sort().values[rank] for rank in ranks])
        """,
        """
        def f(values, target):
            order, matched = values.sort().indices, values.clone()
            for place, value in zip(order.tolist(), sorted(target.tolist())):
                matched[place] = value
            return matched
        """,
    ],
    "copied_share": [
        """
        def f(origin):
            row, column = origin
            same = (row[:, 1:] == row[:, :-1]).logical_and(column[:, 1:] == column[:, :-1] + 1)
            return same.sum() / same.numel()
        """,
        """
        def f(origin):
            _, H, W = origin.shape
            found = [
                bool(origin[0, i, j] == origin[0, i, j + 1])
                and bool(origin[1, i, j] + 1 == origin[1, i, j + 1])
                for i in range(H)
                for j in range(W - 1)
            ]
            return sum(found) / len(found)
        """,
        """
        def f(origin):
            step = origin.diff(dim=2)
            return (step == torch.tensor([0, 1])[:, None, None]).all(0).double().mean()
        """,
    ],
    "nearest_features": [
        """
        def f(features, style_features):
            def directions(x):
                rows = x.flatten(2) - x.mean((2, 3))[:, :, None]
                return torch.nn.functional.normalize(rows, dim=1)[0]

            cosines = torch.einsum("cn,cm->nm", directions(features), directions(style_features))
            return style_features[0].flatten(1)[:, cosines.argmax(1)].view_as(features)
        """,
        """
        def f(features, style_features):
            q = features - features.mean((2, 3), keepdim=True)
            k = style_features - style_features.mean((2, 3), keepdim=True)
            k = k[0].flatten(1)
            out = torch.empty_like(features)
            for i in range(q.shape[2]):
                for j in range(q.shape[3]):
                    cosines = torch.cosine_similarity(q[0, :, i, j][:, None], k, dim=0)
                    out[0, :, i, j] = style_features[0].flatten(1)[:, cosines.argmax()]
            return out
        """,
    ],
    "vote_interval": [
        """
        def f(wins, votes):
            z, n, p = 1.96, votes, wins / votes
            root = z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
            return tuple((p + z * z / (2 * n) + sign * root) / (1 + z * z / n) for sign in (-1, 1))
        """,
        """
        def f(wins, votes):
            z2 = 1.96**2
            middle = (wins + z2 / 2) / (votes + z2)
            half = 1.96 / (votes + z2) * (wins * (votes - wins) / votes + z2 / 4) ** 0.5
            return [middle - half, middle + half]
        """,
    ],
    "warp_by_flow": [
        """
        def f(earlier, flow):
            _, _, H, W = earlier.shape
            ys, xs = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
            place = torch.stack([xs, ys], -1) + flow[0].permute(1, 2, 0)
            grid = place / torch.tensor([(W - 1) / 2, (H - 1) / 2]).to(flow) - 1
            return torch.nn.functional.grid_sample(
                earlier, grid[None], padding_mode="border", align_corners=True
            )
        """,
        """
        def f(earlier, flow):
            _, C, H, W = earlier.shape
            out = torch.zeros_like(earlier)
            for i in range(H):
                for j in range(W):
                    x = (j + flow[0, 0, i, j]).clamp(0, W - 1)
                    y = (i + flow[0, 1, i, j]).clamp(0, H - 1)
                    left, top = int(x), int(y)
                    right, bottom = min(left + 1, W - 1), min(top + 1, H - 1)
                    a, b = x - left, y - top
                    upper = (1 - a) * earlier[0, :, top, left] + a * earlier[0, :, top, right]
                    lower = (1 - a) * earlier[0, :, bottom, left] + a * earlier[0, :, bottom, right]
                    out[0, :, i, j] = (1 - b) * upper + b * lower
            return out
        """,
    ],
    "disoccluded_pixels": [
        """
        def f(flow, forward):
            u, v = (flow + forward).unbind(1)
            apart = u**2 + v**2
            lengths = (flow**2).sum(1) + (forward**2).sum(1)
            return torch.where(apart > 0.01 * lengths + 0.5, 1.0, 0.0).to(flow.dtype)[:, None]
        """,
        """
        def f(flow, forward):
            norm = lambda w: torch.linalg.vector_norm(w, dim=1, keepdim=True) ** 2
            hidden = norm(flow + forward) - 0.01 * (norm(flow) + norm(forward)) > 0.5
            return hidden.type_as(flow)
        """,
    ],
    "temporal_loss": [
        """
        def f(image, warped, weights):
            squares = torch.nn.functional.mse_loss(image, warped, reduction="none")
            return (squares * weights.expand_as(image)).sum() / image.numel()
        """,
        "f = lambda x, w, c: torch.einsum('bohw,bchw->', c, (x - w).square()) / x.numel()",
    ],
    "sound_picture": [
        """
        def f(sound, window, hop):
            n = len(window)
            s = torch.stft(sound, n, hop, window=window, center=False, return_complex=True)
            return (s.abs() + 1).log()
        """,
        """
        def f(sound, window, hop):
            columns = []
            for start in range(0, len(sound) - len(window) + 1, hop):
                piece = window * sound[start : start + len(window)]
                columns.append(torch.fft.fft(piece)[: len(window) // 2 + 1].abs().log1p())
            return torch.stack(columns, dim=1)
        """,
    ],
    "sound_gram": [
        """
        def f(spectrogram, filters):
            n, frequencies, width = filters.shape
            r = torch.nn.functional.unfold(spectrogram[None, None], (frequencies, width))[0]
            r = (filters.reshape(n, -1) @ r).clamp(min=0)
            return torch.einsum('nt,mt->nm', r, r) / r.shape[1]
        """,
        """
        def f(spectrogram, filters):
            r = torch.nn.functional.conv2d(spectrogram[None, :, None], filters[:, :, None]).relu()
            return (r.flatten(2) @ r.flatten(2).mT / r.shape[-1])[0]
        """,
        """
        def f(s, filters):
            width = filters.shape[2]
            times = range(s.shape[1] - width + 1)
            r = [(filters * s[:, t : t + width]).sum((1, 2)).relu() for t in times]
            return sum(torch.outer(a, a) for a in r) / len(r)
        """,
    ],
    "griffin_lim_step": [
        """
        def f(magnitude, phases, stft, istft):
            return torch.sgn(stft(istft(magnitude * phases)))
        """,
        """
        def f(magnitude, phases, stft, istft):
            angles = stft(istft(torch.polar(magnitude, phases.angle()))).angle()
            return torch.exp(1j * angles)
        """,
    ],
}
